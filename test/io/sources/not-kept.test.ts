import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { NotKeptError } from '../../../src/core/not-kept-error.js';
import { encodeSamples } from '../../../src/io/protocol/sample-frame.js';
import { type Daemon, RawClient, startDaemon } from '../server/daemon.js';

let daemon: Daemon;
const clients: RawClient[] = [];
/** What becomes of the samples that come. */
let kept: 'kept' | 'held' | 'lost' = 'kept';

async function connect(): Promise<{ client: RawClient; send: (seq: number) => void; id: number }> {
  kept = 'kept';
  daemon = await startDaemon({
    safe: () =>
      kept === 'kept'
        ? Promise.resolve()
        : Promise.reject(new NotKeptError('disk-full', 'no room', kept === 'held')),
  });
  const client = await RawClient.connect(daemon, '/v1/ingest');
  clients.push(client);
  const id = await client.open();
  const send = (seq: number): void => {
    const data = Float32Array.of(seq, 0, seq, 0, seq, 0);
    client.send(encodeSamples({ stream: id, seq, t0: seq * 0.3, times: null, data }, 2));
  };
  return { client, send, id };
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.terminate();
  await daemon.stop();
});

const acked = (seq: number) => ({ method: 'ack', params: { seq } });
const refused = (seq: number, held: boolean) => ({
  method: 'nack',
  params: { seq, code: 'disk-full', held },
});
const values = (): number[] => daemon.chunks().map(({ data }) => data[0]);

describe('what is held', () => {
  it('is answered by nack, goes on to the pipeline once, and is acknowledged with all since when asked for', async () => {
    const { client, send } = await connect();
    send(0);
    expect(await client.next()).toMatchObject(acked(0));
    kept = 'held';
    for (const seq of [1, 2, 3]) send(seq);
    for (const seq of [1, 2, 3]) expect(await client.next()).toMatchObject(refused(seq, true));
    send(1);
    expect(await client.next()).toMatchObject(refused(3, true));
    kept = 'kept';
    send(1);
    expect(await client.next()).toMatchObject(acked(3));
    send(4);
    expect(await client.next()).toMatchObject(acked(4));
    send(2);
    expect(await client.next()).toMatchObject(acked(2));
    expect(values()).toEqual([0, 1, 2, 3, 4]);
    expect(daemon.metricsOf('affectd_ingest_nacks_total')).toBe(4);
  });

  it('is no error: no frame is sent as one, and a request is answered', async () => {
    const { client, id } = await connect();
    kept = 'held';
    for (let seq = 0; seq < 150; seq++) {
      client.send({
        jsonrpc: '2.0',
        id: `p${seq}`,
        method: 'push',
        params: { stream: id, seq, t0: seq, data: [[1, 2]] },
      });
      expect(await client.next()).toMatchObject(refused(seq, true));
      expect(await client.next()).toMatchObject({
        id: `p${seq}`,
        result: { seq, code: 'disk-full', held: true },
      });
    }
    expect(client.socket.readyState).toBe(client.socket.OPEN);
  });

  it('is where a client goes on that was cut meanwhile: from what was acknowledged', async () => {
    await connect();
    const [first, second] = [
      await RawClient.connect(daemon, '/v1/ingest'),
      await RawClient.connect(daemon, '/v1/ingest'),
    ];
    clients.push(first, second);
    const stream = { name: 'belt', type: 'RESP', sfreq: 10, channels: ['chest'], unit: '%' };
    const id = await first.open(stream, { client: 'lab' });
    const push = (to: RawClient, seq: number): void =>
      to.notify('push', { stream: id, seq, t0: seq, data: [[seq]] });
    push(first, 0);
    expect(await first.next()).toMatchObject(acked(0));
    kept = 'held';
    push(first, 1);
    expect(await first.next()).toMatchObject(refused(1, true));
    await first.kill();
    const answer = await second.request('open', { client: 'lab', stream });
    expect(answer.result).toMatchObject({ last_seq: 0, resumed: true });
    kept = 'kept';
    push(second, 1);
    expect(await second.next()).toMatchObject(acked(1));
  });
});

describe('what is lost', () => {
  it('is passed by no ack until it is skipped', async () => {
    const { client, send, id } = await connect();
    send(0);
    expect(await client.next()).toMatchObject(acked(0));
    kept = 'lost';
    for (const seq of [1, 2]) send(seq);
    for (const seq of [1, 2]) expect(await client.next()).toMatchObject(refused(seq, false));
    kept = 'kept';
    for (const seq of [3, 1, 0, 4]) send(seq);
    expect(await client.next()).toMatchObject(refused(3, true));
    expect(await client.next()).toMatchObject(refused(1, false));
    expect(await client.next()).toMatchObject(acked(0));
    expect(await client.next()).toMatchObject(refused(4, true));
    expect((await client.request('skip', { stream: id, from: 1, to: 1 })).result).toEqual({
      stream: id,
      to: 1,
    });
    send(4);
    expect(await client.next()).toMatchObject(refused(4, true));
    expect((await client.request('skip', { stream: id, from: 2, to: 2 })).result).toEqual({
      stream: id,
      to: 2,
    });
    send(3);
    expect(await client.next()).toMatchObject(acked(4));
    expect(values()).toEqual([0, 1, 2, 3, 4]);
  });

  it('what was never sent is skipped, too: told, and a gap', async () => {
    const { client, send, id } = await connect();
    send(0);
    await client.next();
    send(5);
    expect(await client.nextError()).toMatchObject({ code: 'seq-gap', expected: 1 });
    expect((await client.request('skip', { stream: id, from: 1, to: 4 })).result).toEqual({
      stream: id,
      to: 4,
    });
    send(5);
    expect(await client.next()).toMatchObject(acked(5));
    expect(daemon.chunks().map(({ gapBefore }) => gapBefore)).toEqual([false, true]);
    expect(daemon.events.filter(({ code }) => code === 'samples-lost')).toMatchObject([
      { message: expect.stringContaining('4 frames') },
    ]);
    expect((await client.request('skip', { stream: 9, from: 1, to: 4 })).error?.data).toMatchObject({
      code: 'unknown-stream',
    });
    // Frames that came, or that nobody waits for, move nothing.
    for (const [from, to] of [[0, 3], [9, 12], [7, 2]] as const) await client.request('skip', { stream: id, from, to }); // biome-ignore format: rows
    send(6);
    expect(await client.next()).toMatchObject(acked(6));
  });

  it('whatever is kept, held, lost, asked for and skipped: acks tell of nothing that is lost and not skipped', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.constantFrom('next', 'again', 'skip'),
            fc.constantFrom('kept', 'held', 'lost'),
            fc.nat(1 << 20),
          ),
          {
            minLength: 1,
            maxLength: 40,
          },
        ),
        async (steps) => {
          const { client, send, id } = await connect();
          const lost = new Set<number>();
          let next = 0;
          for (const [what, state, pick] of steps) {
            kept = state;
            const old = next > 0 ? pick % next : 0;
            if (what === 'skip' && next > 0) {
              await client.request('skip', { stream: id, from: old, to: old });
              // A later one in a stretch of lost frames is given up when those before it are.
              const first = Math.min(...lost);
              if (old === first) lost.delete(old);
              continue;
            }
            const seq = what === 'again' && next > 0 ? old : next;
            send(seq);
            const { method, params } = await client.next();
            if (seq === next) {
              next++;
              if (state === 'lost') lost.add(seq);
            }
            if (method === 'ack')
              for (const gone of lost) expect(gone).toBeGreaterThan(params!.seq as number);
            else if (state === 'kept') expect(lost.size).toBeGreaterThan(0);
          }
          expect(values()).toEqual(Array.from({ length: next }, (_, k) => k));
          client.socket.terminate();
          await daemon.stop();
        },
      ),
      { numRuns: 60 },
    );
    await connect();
  });
});
