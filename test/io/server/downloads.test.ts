import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import type { ServerOptions } from '../../../src/io/server/server.js';
import { type Daemon, httpRequest, startDaemon, until } from './daemon.js';

const daemons: Daemon[] = [];
afterEach(async () => {
  for (const daemon of daemons.splice(0)) await daemon.stop();
});

const SMALL = Buffer.from(Array.from({ length: 3000 }, (_, i) => i % 256));
/** More than any socket holds. */
const LARGE = 1 << 28;

/** Serves `small.xdf`, `empty.xdf` and `large.xdf`, and counts what is open. */
async function start(server: Partial<ServerOptions> = {}, clock?: VirtualClock) {
  const asked: string[] = [];
  let open = 0;
  const files: Record<string, [bytes: number, pieces: () => Iterable<Uint8Array>]> = {
    'small.xdf': [SMALL.length, () => [SMALL]],
    'empty.xdf': [0, () => []],
    'large.xdf': [LARGE, () => Array<Uint8Array>(LARGE >> 16).fill(new Uint8Array(1 << 16))],
  };
  const daemon = await startDaemon({
    ...(clock && { clock }),
    server: {
      ...server,
      openFile: async (name) => {
        asked.push(name);
        if (!files[name]) return null;
        const [bytes, pieces] = files[name];
        open++;
        return {
          bytes,
          read: () => Readable.from(pieces()).on('close', () => open--),
          close: async () => void open--,
        };
      },
    },
  });
  daemons.push(daemon);
  const get = (path: string, init: RequestInit = {}) =>
    fetch(new URL(`/v1/recordings/${path}`, daemon.url), init);
  const codeOf = async (answer: Promise<Response>) => {
    const response = await answer;
    return [response.status, ((await response.json()) as { code?: string }).code];
  };
  return { daemon, asked, get, codeOf, open: () => open };
}

describe('a recording over HTTP', () => {
  it('is the file, and nothing stays open behind it', async () => {
    const { get, open } = await start();
    const answer = await get('small.xdf');
    expect(answer.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''small.xdf");
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(SMALL);
    expect((await (await get('empty.xdf')).arrayBuffer()).byteLength).toBe(0);
    const head = await get('large.xdf', { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(LARGE));
    await until(() => open() === 0);
  });

  it('is not had by a name that there is none of', async () => {
    const { get, codeOf, asked } = await start();
    expect(await codeOf(get('none.xdf'))).toEqual([404, 'unknown-recording']);
    expect(await codeOf(get('%E0%A4%A'))).toEqual([404, 'unknown-recording']);
    expect(await codeOf(get('..%2Fsmall.xdf'))).toEqual([404, 'unknown-recording']);
    // Who decides is given what was asked for, decoded once.
    expect(asked).toEqual(['none.xdf', '../small.xdf']);
    expect((await get('small.xdf', { method: 'DELETE' })).status).toBe(405);
  });

  it('is for those who may act', async () => {
    const { get, codeOf, asked } = await start();
    const elsewhere = { Origin: 'http://localhost:3000' };
    expect(await codeOf(get('small.xdf', { headers: elsewhere }))).toEqual([403, 'acting-forbidden']);
    const guarded = await start({ token: 'secret' });
    expect(await guarded.codeOf(guarded.get('small.xdf'))).toEqual([401, 'unauthorised']);
    const headers = { Authorization: 'Bearer secret' };
    expect((await guarded.get('small.xdf', { headers })).status).toBe(200);
    const { port } = guarded.daemon;
    expect((await httpRequest(port, '/v1/recordings/small.xdf', { Host: 'evil.example' })).status).toBe(403);
    expect([asked, guarded.asked]).toEqual([[], ['small.xdf']]);
  });

  it('is sent to four at once; who takes nothing for long is cut off', async () => {
    const clock = new VirtualClock();
    const { daemon, get, codeOf, open } = await start({}, clock);
    const stalled = Array.from({ length: 4 }, () => connect(daemon.port, '127.0.0.1'));
    for (const socket of stalled) {
      socket.write(`GET /v1/recordings/large.xdf HTTP/1.1\r\nHost: 127.0.0.1:${daemon.port}\r\n\r\n`);
      socket.pause();
    }
    await until(() => open() === 4);
    expect(await codeOf(get('small.xdf'))).toEqual([503, 'too-many-downloads']);
    // What the system holds for them is full after some turns.
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
    const closed = stalled.map((socket) => once(socket, 'close'));
    clock.advance(61);
    await until(() => open() === 0);
    expect((await get('small.xdf')).status).toBe(200);
    for (const socket of stalled) socket.resume();
    await Promise.all(closed);
  });
});
