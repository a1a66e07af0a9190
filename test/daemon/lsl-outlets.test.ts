import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Seconds, VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { loadConfig } from '../../src/io/lsl/config.js';
import { channelsElement } from '../../src/io/lsl/declaration.js';
import { Outlet } from '../../src/io/lsl/outlet.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import { passTill, passUntil } from '../cli/lock-step.js';
import { ownSettings } from '../io/lsl/own-settings.js';
import { pipelineOf } from '../pipeline/live-and-replay.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { replayedRecording } from './replayed-recording.js';

const SFREQ_HZ = 100;
const HOP_S: Seconds = 0.25;
const WINDOW_S: Seconds = 1;
const ROUND_S: Seconds = 0.1;
const folder = temporaryFolder();
await ownSettings();
const { cleanups, cleanUp } = cleanUpAfterEach();

const loaded = {
  pipeline: pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: ${WINDOW_S}, hop_s: ${HOP_S} }
`),
  runners: new Map(),
};

interface Headset {
  readonly labels: readonly string[];
  readonly source_id: string;
  /** Its outlet is open from the one to the other, and delivers from `delivers` on, s. */
  readonly from: Seconds;
  readonly to: Seconds;
  readonly delivers?: Seconds;
  readonly gain?: number;
}

type Row = Extract<OutputMessage, { readonly stream: 'features' }>;

/** Outlets of one name on one machine, what is told of them until `end_s`, and what their recording gives. */
async function run(name: string, end_s: Seconds, ...headsets: readonly Headset[]) {
  const clock = new VirtualClock(5000, 1_700_000_000);
  const record = join(folder, name);
  const events: SessionEvent[] = [];
  const settings = {
    host: '127.0.0.1',
    port: 0,
    engine: 'auto',
    logLevel: 'silent',
    record,
    lsl: true,
  } as const;
  const daemon = await startDaemon({ stdout: new PassThrough(), clock }, loaded, settings, (event) =>
    events.push(event),
  );
  cleanups.push(() => daemon.close());
  const outputs: OutputMessage[] = [];
  daemon.runtime.outputs$.subscribe((output) => outputs.push(output));
  const begin = clock.now();
  const open = new Map<Headset, Outlet>();
  for (let k = 0; k * ROUND_S < end_s; k++) {
    const [from, to] = [k * ROUND_S, (k + 1) * ROUND_S];
    for (const headset of headsets) {
      if (from >= headset.from && from < headset.to && !open.has(headset))
        open.set(headset, await opened(headset));
      if (from >= headset.to && open.has(headset)) {
        await open.get(headset)?.close();
        open.delete(headset);
      }
    }
    await passUntil(clock, begin + to);
    for (const [headset, outlet] of open) {
      if (from < (headset.delivers ?? headset.from)) continue;
      const places = Array.from({ length: ROUND_S * SFREQ_HZ }, (_, i) => k * ROUND_S * SFREQ_HZ + i);
      const values = places.flatMap((i) =>
        headset.labels.map((_, c) => (headset.gain ?? 20) * Math.sin(i * i * 1e-3 + c)),
      );
      outlet.push(
        Float32Array.from(values),
        Float64Array.from(places, (i) => begin + i / SFREQ_HZ),
      );
    }
  }
  await passUntil(clock, begin + end_s + 0.3);
  for (const outlet of open.values()) await outlet.close();
  await passUntil(clock, begin + end_s + 0.5);
  await daemon.close();
  const again = await replayedRecording(record, loaded);
  return { rows: rowsOf(outputs), again: rowsOf(again), events };

  async function opened({ labels, source_id }: Headset): Promise<Outlet> {
    const outlet = await Outlet.create(
      { clock, config: loadConfig(), events: () => {} },
      {
        ...{ name: 'cap', type: 'EEG', sourceId: source_id },
        ...{ channelCount: labels.length, nominalRate_hz: SFREQ_HZ },
        description: [channelsElement(labels.map((label) => ({ label, unit: 'microvolts', type: 'EEG' })))],
      },
    );
    cleanups.push(() => outlet.close());
    await passTill(clock, () => outlet.consumers > 0);
    return outlet;
  }
}

const rowsOf = (outputs: readonly OutputMessage[]): Row[] =>
  outputs.flatMap((output) => (output.stream === 'features' ? [output] : []));
const isThere = ({ values }: Row): boolean => values.some((value) => value !== null);
const channelsOf = ({ features }: Row): string[] => [...new Set(features.map(({ channel }) => channel))];
/** Ends of windows. */
const spanOf = (from: Seconds, to: Seconds): Seconds[] =>
  Array.from({ length: Math.round((to - from) / HOP_S) + 1 }, (_, k) => from + k * HOP_S);
const codesOf = (events: readonly SessionEvent[]): string[] => events.map(({ code }) => code);

const TWO = ['Fp1', 'Fp2'];
const cap: Headset = { labels: TWO, source_id: '', from: 0, to: 20 };

describe('LSL outlets in one session, live and from its recording', () => {
  it.each(['', 'serial 7'])(
    'one that stops and comes back is the same stream, whose source id is "%s": bound within a hop, with a gap',
    async (source_id) => {
      const { rows, again, events } = await run(
        `back-${source_id.length}`,
        20,
        ...[
          { ...cap, source_id, to: 8 },
          { ...cap, source_id, from: 11 },
        ],
      );
      expect(again).toEqual(rows);
      expect(rows.map(({ time }) => time)).toEqual(rows.map((_, k) => WINDOW_S + HOP_S * k));
      const masked = rows.filter((row) => !isThere(row)).map(({ time }) => time);
      expect(masked).toEqual(spanOf(8.75, 11.75));
      const codes = codesOf(events);
      for (const code of ['stream-duplicate', 'source-rebound', 'stream-unmatched'])
        expect(codes).not.toContain(code);
      expect(events.find(({ code }) => code === 'stream-returned')?.time).toBeLessThanOrEqual(11.5 + HOP_S);
      expect(events.find(({ code }) => code === 'gap-found')?.time).toBeCloseTo(11, 2);
    },
  );

  it('one that comes back with another channel is a new layout: told, and the channel that is gone is masked', async () => {
    const { rows, again, events } = await run(
      'channels',
      20,
      ...[
        { ...cap, to: 8 },
        { ...cap, labels: ['Fp1', 'AF7', 'AF8'], from: 11 },
      ],
    );
    expect(again).toEqual(rows);
    const channelsAt = (time: Seconds): string[] =>
      rows.filter((row) => row.time === time).flatMap((row) => channelsOf(row));
    expect(channelsAt(8)).toEqual(['Fp1', 'Fp2']);
    expect(channelsAt(15)).toEqual(['Fp1', 'AF7', 'AF8']);
    expect(rows.filter(({ time }) => time >= 12.5).every(isThere)).toBe(true);
    const matched = events.filter(({ code }) => code === 'stream-matched').map(({ message }) => message);
    expect(matched).toEqual([expect.stringContaining('2 channels'), expect.stringContaining('3 channels')]);
  });

  it('two that are equal in all but their uid: the second feeds nothing, told, and moves no byte of the first', async () => {
    const alone = await run('alone', 20, cap);
    await cleanUp();
    const both = await run('equal', 20, cap, { ...cap, from: 5, gain: 90 });
    expect(both.rows).toEqual(alone.rows);
    expect(both.again).toEqual(both.rows);
    expect(codesOf(both.events)).toContain('stream-duplicate');
    expect(codesOf(both.events)).not.toContain('source-rebound');
  });

  it('a silent one of the right type holds no source against one that delivers', async () => {
    const { rows, again, events } = await run(
      'silent',
      20,
      ...[
        { ...cap, source_id: 'silent', delivers: 100 },
        { ...cap, source_id: 'delivers', from: 2 },
      ],
    );
    expect(again).toEqual(rows);
    expect(rows[0].time).toBe(WINDOW_S);
    expect(rows.length).toBeGreaterThan(60);
    expect(rows.every(isThere)).toBe(true);
    expect(codesOf(events).filter((code) => code === 'stream-matched')).toHaveLength(1);
  });
});
