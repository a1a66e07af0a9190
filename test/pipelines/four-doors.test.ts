import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StreamType } from '../../src/core/signal.js';
import { ownSettings } from '../io/lsl/own-settings.js';
import { pipelineOf } from '../pipeline/live-and-replay.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { faulty, pausing, realTracks, simulatedTracks, type Track } from './door-session.js';
import { doors, type Heard, type Line } from './doors.js';

await ownSettings();
const folder = temporaryFolder();
const recordings = join(import.meta.dirname, '../../../shared/recordings');
const SPAN_S = 26;
const HOP_S = 0.5;
const pipeline = pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
  gaze: { type: websocket, stream_type: Gaze }
  ppg: { type: websocket, stream_type: PPG }
  eda: { type: websocket, stream_type: EDA }
  temp: { type: websocket, stream_type: TEMP, optional: true }
transforms:
  eeg_live: { type: mask, input: eeg }
  eeg_128: { type: resample, input: eeg_live, sfreq_hz: 128 }
  eeg_clean: { type: bandpass, input: eeg_128, low_hz: 1, high_hz: 45, order: 4 }
  de: { type: extract, input: eeg_clean, features: [differential-entropy], window_s: 4, hop_s: 0.5 }
  gaze_live: { type: mask, input: gaze }
  eye: { type: extract, input: gaze_live, features: [eye-movement, gaze-statistics, pupil-statistics], window_s: 4, hop_s: 0.5 }
  ppg_live: { type: mask, input: ppg }
  heart: { type: extract, input: ppg_live, features: [heart-rate], window_s: 4, hop_s: 0.5 }
  eda_live: { type: mask, input: eda }
  skin: { type: extract, input: eda_live, features: [skin-conductance, skin-conductance-response], window_s: 4, hop_s: 0.5 }
  temp_live: { type: mask, input: temp }
  warmth: { type: extract, input: temp_live, features: [skin-temperature], window_s: 4, hop_s: 0.5 }
`);
/** What features are computed of a stream of the type. */
const nodeOf: Readonly<Record<string, string>> = {
  EEG: 'de',
  Gaze: 'eye',
  PPG: 'heart',
  EDA: 'skin',
  TEMP: 'warmth',
};
const nodes = Object.values(nodeOf);

type Door = keyof typeof doors;
const through = (door: Door, tracks: readonly Track[]): Promise<Heard> =>
  doors[door](tracks, { pipeline, folder });

const known = ({ lines }: Heard, node: string): number =>
  lines.filter(
    (line) => line.stream === 'features' && line.node === node && line.values.some((value) => value !== null),
  ).length;

/** What tells when samples came; the others go by stamps. */
const live: readonly Door[] = ['WebSocket', 'LSL'];
const named: readonly Door[] = [...live, 'XDF'];

/** A line's bytes, but for what `door` can't carry. `except`: a type whose rate is wrong, which a table doesn't declare. */
function bytesOf(line: Line, door: Door, except?: StreamType): string[] {
  if (line.stream === 'features') return except && line.node === nodeOf[except] ? [] : [JSON.stringify(line)];
  const inputs = Object.entries(line.inputs).flatMap(([source, input]) => {
    if (input.type === except) return [];
    const { name, present, reason, ...told } = input;
    const own = { ...(named.includes(door) && { name }), ...(live.includes(door) && { present, reason }) };
    return [[source, { ...own, ...told }] as const];
  });
  return [JSON.stringify({ ...line, inputs: Object.fromEntries(inputs) })];
}

/** All lines of `wanted`, in order, to the last byte; a door may go on longer. */
function expectSameBytes(heard: Heard, wanted: Heard, door: Door, except?: StreamType): void {
  const [own, lines] = [heard, wanted].map((of) => of.lines.flatMap((line) => bytesOf(line, door, except)));
  expect(lines.length).toBeGreaterThan(200);
  expect(own.slice(0, lines.length)).toEqual(lines);
  const [silences, right] = [heard, wanted].map((of) => silencesOf(of, wanted.lines.at(-1)!.time!));
  expect(right.length).toBeGreaterThan(1);
  expect(silences.map(({ what }) => what)).toEqual(right.map(({ what }) => what));
  for (const [i, { what, time }] of silences.entries())
    expect(Math.abs(time - right[i].time), what).toBeLessThanOrEqual(live.includes(door) ? 0 : HOP_S);
}

/** When sources begin and end to be stale, up to `until`. */
function silencesOf({ lines }: Heard, until: number): { readonly what: string; readonly time: number }[] {
  const stale = new Set<string>();
  const changes: { what: string; time: number }[] = [];
  for (const line of lines) {
    if (line.stream !== 'quality' || line.time! > until) continue;
    for (const [source, { present }] of Object.entries(line.inputs)) {
      if (stale.has(source) !== present) continue;
      if (present) stale.delete(source);
      else stale.add(source);
      changes.push({ what: `${source} ${present ? 'is heard' : 'is stale'}`, time: line.time! });
    }
  }
  return changes.sort((a, b) => (a.what < b.what ? -1 : a.what > b.what ? 1 : a.time - b.time));
}

/** Files of tables and of EDF name all their streams by the file. */
const unnamed = ({ events }: Heard): string[] =>
  events.map((event) => event.replace(/^(\S+) \S+/, '$1')).sort();

const sessions: Record<string, () => Promise<Track[]>> = {
  simulated: async () => simulatedTracks(SPAN_S),
  real: () => realTracks(recordings, folder, SPAN_S),
};

describe.each(Object.keys(sessions))('a %s session', (name) => {
  // What is absent is told by the test that is skipped.
  const isHere = name !== 'real' || existsSync(recordings);

  it.skipIf(!isHere)(
    'with faults of single streams gives the same bytes through XDF, WebSocket, LSL and, but for the stream whose rate is wrong, CSV',
    { timeout: 60_000 },
    async () => {
      const tracks = await sessions[name]();
      const faults = faulty(tracks);
      const socket = await through('WebSocket', faults);
      expect(socket.events).toEqual([
        expect.stringMatching(/^gap-found EEG 10\.10\d+$/),
        'gap-found Gaze 17',
        expect.stringMatching(/^rate-differs PPG [45]\.\d+$/),
      ]);
      for (const node of nodes) expect(known(socket, node), node).toBeGreaterThan(5);
      for (const door of ['XDF', 'LSL'] as const) {
        const heard = await through(door, faults);
        expectSameBytes(heard, socket, door);
        expect(heard.events).toEqual(socket.events);
      }
      // A table declares no rate that could be wrong: the true one is used from the first sample on.
      const table = await through('CSV', faults);
      expectSameBytes(table, socket, 'CSV', 'PPG');
      expect(unnamed(table)).toEqual(unnamed(socket).filter((event) => !event.startsWith('rate-differs')));
    },
  );

  it.skipIf(!isHere)(
    'whose streams pause together gives the same bytes through every door',
    { timeout: 60_000 },
    async () => {
      const tracks = pausing(await sessions[name]());
      const socket = await through('WebSocket', tracks);
      const slow = tracks.filter(({ info }) => info.sfreq === 4).map(({ info }) => info.type);
      const gaps = tracks.flatMap(({ info: { type } }) => [
        ...(slow.includes(type) ? [] : [`gap-found ${type} 10.1`]),
        `gap-found ${type} 19.1`,
      ]);
      expect(socket.events).toEqual(gaps.sort());
      for (const node of nodes) expect(known(socket, node), node).toBeGreaterThan(5);
      for (const door of ['XDF', 'CSV', 'LSL', 'EDF'] as const) {
        const heard = await through(door, tracks);
        expectSameBytes(heard, socket, door);
        expect(unnamed(heard)).toEqual(unnamed(socket));
      }
    },
  );
});
