import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Seconds, VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { loadConfig } from '../../src/io/lsl/config.js';
import { channelsElement } from '../../src/io/lsl/declaration.js';
import { Outlet } from '../../src/io/lsl/outlet.js';
import type { CallName, CallResult } from '../../src/io/protocol/calls.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import { passTill, passUntil } from '../cli/lock-step.js';
import { ownSettings } from '../io/lsl/own-settings.js';
import { pipelineOf } from '../pipeline/live-and-replay.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { replayedRecording } from './replayed-recording.js';

const SFREQ_HZ = 100;
const ROUND_S: Seconds = 0.1;
await ownSettings();
const { cleanups } = cleanUpAfterEach();

const nodes = `
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 1, hop_s: 0.25 }
`;
const loadedOf = (source: string) => ({
  pipeline: pipelineOf(`sources:\n  eeg: ${source}\n${nodes}`),
  runners: new Map(),
});
const OVER_WEBSOCKET = '{ type: websocket, stream_type: EEG }';
const OVER_LSL = '{ type: lsl, stream_type: EEG }';

type OutletStatus = CallResult<'lsl'>['outlets'][number];
type Refusal = { readonly code: string; readonly message: string };

/** A daemon, and outlets that deliver while time passes. */
async function lab(source: string, options: { readonly lsl?: true; readonly record?: string } = {}) {
  const clock = new VirtualClock(5000, 1_700_000_000);
  const events: SessionEvent[] = [];
  const outputs: OutputMessage[] = [];
  const settings = { host: '127.0.0.1', port: 0, engine: 'auto', logLevel: 'silent', ...options } as const;
  const daemon = await startDaemon(
    { stdout: new PassThrough(), clock },
    loadedOf(source),
    settings,
    (event) => events.push(event),
  );
  cleanups.push(() => daemon.close());
  daemon.runtime.outputs$.subscribe((output) => outputs.push(output));
  const begin = clock.now();
  const outlets = new Set<Outlet>();
  let round = 0;
  const pass = async (seconds: Seconds): Promise<void> => {
    for (const end = round + Math.round(seconds / ROUND_S); round < end; round++) {
      await passUntil(clock, begin + (round + 1) * ROUND_S);
      const places = Array.from({ length: ROUND_S * SFREQ_HZ }, (_, i) => round * ROUND_S * SFREQ_HZ + i);
      for (const outlet of outlets)
        if (outlet.consumers > 0)
          outlet.push(
            Float32Array.from(places, (i) => 20 * Math.sin(i * i * 1e-3)),
            Float64Array.from(places, (i) => begin + i / SFREQ_HZ),
          );
    }
  };
  const ask = async <N extends CallName>(path: string, body?: unknown) => {
    let answer: unknown;
    fetch(new URL(path, daemon.server.url), {
      ...(body !== undefined && {
        ...{ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) },
      }),
    })
      .then((response) => response.json())
      .then((json) => {
        answer = json;
      });
    while (answer === undefined) await pass(ROUND_S);
    return answer as CallResult<N> & Partial<Refusal>;
  };
  return {
    ...{ events, outputs, pass, ask },
    offer: async (name: string, sourceId: string, type = 'EEG'): Promise<Outlet> => {
      const outlet = await Outlet.create(
        { clock, config: loadConfig(), events: () => {} },
        {
          ...{ name, type, sourceId, channelCount: 1, nominalRate_hz: SFREQ_HZ },
          description: [
            channelsElement([{ label: type === 'EEG' ? 'Fp1' : 'II', unit: 'microvolts', type }]),
          ],
        },
      );
      cleanups.push(() => outlet.close());
      outlets.add(outlet);
      return outlet;
    },
    stop: async (outlet: Outlet) => {
      outlets.delete(outlet);
      await outlet.close();
    },
    list: async (): Promise<readonly OutletStatus[]> => (await ask<'lsl'>('/v1/lsl')).outlets,
    connect: (uid: string, session?: string) =>
      ask<'inlet'>('/v1/lsl', { action: 'connect', uid, ...(session && { session }) }),
    disconnect: (uid: string) => ask<'inlet'>('/v1/lsl', { action: 'disconnect', uid }),
    until: (condition: () => boolean) => passTill(clock, condition),
    replace: (next: string) => daemon.replace(loadedOf(next)),
    close: () => daemon.close(),
    streams: async (session: string) => {
      const { sessions } = await ask<'sessions'>('/v1/sessions');
      return (sessions.find((one) => one.session === session)?.streams ?? []).map(({ id, sources, why }) => ({
        ...{ id, sources, why },
      }));
    },
  };
}

const rows = (outputs: readonly OutputMessage[]) =>
  outputs.flatMap((output) =>
    output.stream === 'features' ? [{ time: output.time, seq: output.seq, values: output.values }] : [],
  );
const stateOf = (outlets: readonly OutletStatus[], uid: string) =>
  outlets.find((outlet) => outlet.uid === uid)?.state;

describe('people see what is on the LSL network', () => {
  it('where nothing of the pipeline asks for it, and connect and disconnect it, two of a name apart', async () => {
    const record = temporaryFolder();
    const { ask, offer, list, connect, disconnect, pass, streams, outputs, stop, until, close } = await lab(
      OVER_WEBSOCKET,
      { record },
    );
    const [a, b] = [await offer('cap', 'serial 1'), await offer('cap', 'serial 2')];
    const before = await list();
    expect(before.map(({ source_id, state, received }) => [source_id, state, received]).sort()).toEqual([
      ['serial 1', 'free', []],
      ['serial 2', 'free', []],
    ]);
    expect(before[0]).toMatchObject({ name: 'cap', type: 'EEG', channels: 1, sfreq: SFREQ_HZ, asked: false });
    expect(before[0].why).toContain('without --lsl');
    expect(await ask('/v1/sessions')).toEqual({ sessions: [] });

    expect(await connect(a.info.uid, 'ann')).toEqual({ uid: a.info.uid, session: 'ann', streams: ['cap'] });
    expect(await connect(b.info.uid, 'ben')).toMatchObject({ session: 'ben' });
    expect(await connect(b.info.uid)).toMatchObject({ code: 'lsl-connected' });
    await pass(3);
    for (const session of ['ann', 'ben'])
      expect(await streams(session)).toEqual([{ id: 'cap', sources: ['eeg'], why: null }]);
    const fed = await list();
    expect(fed.find(({ uid }) => uid === a.info.uid)).toMatchObject({
      ...{ state: 'connected', asked: true, why: null },
      received: [{ session: 'ann', streams: ['cap'], sources: ['eeg'] }],
    });

    expect(await disconnect(a.info.uid)).toEqual({ uid: a.info.uid, session: 'ann', streams: ['cap'] });
    await pass(12);
    expect(a.consumers).toBe(0);
    expect(b.consumers).toBe(1);
    expect(await streams('ann')).toEqual([]);
    expect(await disconnect(a.info.uid)).toMatchObject({
      ...{ code: 'lsl-not-connected', message: expect.stringContaining('disconnected by a call') },
    });
    // One that its device starts in its place is left alone as well; the neighbour's isn't.
    await stop(a);
    const again = await offer('cap', 'serial 1');
    await pass(8);
    const after = await list();
    expect(stateOf(after, again.info.uid)).toBe('free');
    expect(stateOf(after, a.info.uid)).toBeUndefined();
    expect(stateOf(after, b.info.uid)).toBe('connected');
    expect(await connect(again.info.uid)).toMatchObject({ session: 'default' });
    // Who was connected is connected again where the outlet comes back.
    await stop(b);
    await until(() => outputs.length > 0);
    const back = await offer('cap', 'serial 2');
    await until(() => back.consumers > 0);
    await pass(2);
    expect((await list()).find(({ uid }) => uid === back.info.uid)).toMatchObject({
      ...{ state: 'connected', asked: true, received: [{ session: 'ben' }] },
    });
    await close();
    const told = outputs.filter(({ session }) => session === 'ann');
    expect(rows(told).length).toBeGreaterThan(8);
    expect(rows(await replayedRecording(record, loadedOf(OVER_WEBSOCKET)))).toEqual(rows(told));
  });

  it('and take one from a source that asks for it, past a reload, until they connect it', async () => {
    const { offer, list, connect, disconnect, pass, streams, until, replace, stop } = await lab(OVER_LSL);
    const cap = await offer('cap', 'serial 1');
    await until(() => cap.consumers > 0);
    await pass(2);
    expect((await list())[0]).toMatchObject({ state: 'connected', asked: false, why: null });
    expect(await connect(cap.info.uid)).toMatchObject({ code: 'lsl-connected' });
    expect(await disconnect(cap.info.uid)).toMatchObject({ session: 'default', streams: ['cap'] });
    await replace('{ type: lsl, stream_type: EEG, query: "type=\'EEG\'" }');
    await pass(12);
    expect(cap.consumers).toBe(0);
    const [left] = await list();
    expect(left).toMatchObject({ state: 'free', why: expect.stringContaining('disconnected by a call') });
    expect(await connect(cap.info.uid, 'other')).toMatchObject({ session: 'other' });
    await replace(OVER_LSL);
    await pass(8);
    // One inlet, not the source's as well.
    expect(cap.consumers).toBe(1);
    expect(await streams('other')).toEqual([{ id: 'cap', sources: ['eeg'], why: null }]);
    expect(await streams('default')).toEqual([]);
    await stop(cap);
    await pass(7);
    expect((await list())[0]).toMatchObject({ state: 'lost', received: [{ session: 'other' }] });
    expect(await connect(cap.info.uid)).toMatchObject({ code: 'lsl-connected' });
    expect(await disconnect(cap.info.uid)).toMatchObject({ session: 'other' });
    expect(await list()).toEqual([]);
  });

  it('connect what the rule of the pipeline leaves out, into the session that its sources name', async () => {
    const { offer, list, connect, pass, streams } = await lab(
      `{ type: lsl, stream_type: EEG, query: "type='EEG'", session: { by: source_id } }`,
    );
    const eeg = await offer('cap', 'serial 1');
    const ecg = await offer('belt', 'serial 2', 'ECG');
    await pass(3);
    const outlets = await list();
    expect(outlets.map(({ name, state, why }) => [name, state, why])).toEqual([
      ['cap', 'connected', null],
      ['belt', 'free', 'no LSL source asks for it'],
    ]);
    expect(await connect(ecg.info.uid, 'serial 1')).toMatchObject({ session: 'serial 1', streams: ['belt'] });
    await pass(2);
    expect(await streams('serial 1')).toEqual([
      { id: 'cap', sources: ['eeg'], why: null },
      { id: 'belt', sources: [], why: 'no source takes type ECG' },
    ]);
    expect((await list()).map(({ state, why }) => [state, why])).toEqual([
      ['connected', 'no source takes type ECG'],
      ['connected', null],
    ]);
    expect(eeg.consumers).toBe(1);
  });

  it('hear why a stream of a session waits', async () => {
    const { offer, pass, streams, until } = await lab(OVER_LSL);
    const first = await offer('A', 'serial 1');
    await until(() => first.consumers > 0);
    await pass(2);
    const second = await offer('B', 'serial 2');
    await until(() => second.consumers > 0);
    await pass(2);
    expect(await streams('default')).toEqual([
      { id: 'A', sources: ['eeg'], why: null },
      { id: 'B', sources: [], why: 'eeg is taken by A' },
    ]);
  });

  it('are told why something can’t be connected', async () => {
    const { offer, list, connect, disconnect, stop, pass } = await lab(OVER_LSL);
    expect(await connect('nobody')).toMatchObject({ code: 'unknown-lsl-stream' });
    expect(await disconnect('nobody')).toMatchObject({ code: 'unknown-lsl-stream' });
    const predictions = await offer('affect', '', 'Affect');
    await pass(1);
    expect(await list()).toMatchObject([{ state: 'free', why: expect.stringContaining('no input') }]);
    expect(await connect(predictions.info.uid)).toMatchObject({ code: 'lsl-unusable' });
    const belt = await offer('belt', '', 'ECG');
    await pass(2);
    const { uid } = belt.info;
    expect(await disconnect(uid)).toMatchObject({ session: 'default' });
    // Gone a moment ago: it is listed still.
    await stop(belt);
    expect(await connect(uid)).toMatchObject({
      code: 'lsl-unusable',
      message: expect.stringContaining('belt'),
    });
    expect(await connect(uid)).toMatchObject({ code: 'lsl-unusable' });
  });
});
