import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownSettings } from '../io/lsl/own-settings.js';
import { pipelineOf } from '../pipeline/live-and-replay.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { faulty, pausing, realTracks, simulatedTracks, type Track } from './door-session.js';
import { doors, type Heard } from './doors.js';

await ownSettings();
const folder = temporaryFolder();
const recordings = join(import.meta.dirname, '../../../shared/recordings');
const SPAN_S = 26;
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

const known = ({ features }: Heard, node: string): number =>
  [...features].filter(
    ([key, line]) => key.startsWith(`${node} `) && JSON.parse(line).values.some(Number.isFinite),
  ).length;

/** All lines of `wanted` but those of `except`, to the last byte; a door may go on longer. */
function expectSameBytes(heard: Heard, wanted: Heard, except: readonly string[] = []): void {
  const lines = [...wanted.features].filter(([key]) => !except.some((node) => key.startsWith(`${node} `)));
  expect(lines.length).toBeGreaterThan(150);
  for (const [key, line] of lines) expect(heard.features.get(key), key).toBe(line);
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
        expectSameBytes(heard, socket);
        expect(heard.events).toEqual(socket.events);
      }
      // A table declares no rate that could be wrong: the true one is used from the first sample on.
      const table = await through('CSV', faults);
      expectSameBytes(table, socket, [nodeOf.PPG]);
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
        expectSameBytes(heard, socket);
        expect(unnamed(heard)).toEqual(unnamed(socket));
      }
    },
  );
});
