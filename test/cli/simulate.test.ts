import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import { RandomAccessFile } from '../../src/io/recordings/files/random-access-file.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { indexXdf } from '../../src/io/recordings/xdf/xdf-index.js';
import { XdfSampleReader } from '../../src/io/recordings/xdf/xdf-sample-reader.js';
import { ownSettings } from '../io/lsl/own-settings.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { runAffectd } from './run-affectd.js';

await ownSettings();
const folder = temporaryFolder();
const pipeline = join(folder, 'two-sensors.yaml');
writeFileSync(
  pipeline,
  `
sources:
  eeg: { type: websocket, stream_type: EEG }
  gaze: { type: websocket, stream_type: Gaze }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 1, hop_s: 0.5 }
  look: { type: extract, input: gaze, features: [gaze-statistics], window_s: 1, hop_s: 0.5 }
`,
);

/** Simulates a minute of EEG and gaze, into a file whose name is given. */
async function simulate(name: string, ...faults: string[]): Promise<string> {
  const path = join(folder, `${name}.xdf`);
  const { code, stderr } = await runAffectd(
    ['simulate', '--only', 'eeg,gaze', '--duration', '60', '--out', path, ...faults.flatMap((spec) => ['--faults', spec])], // biome-ignore format: one line
  );
  expect(code, stderr).toBe(0);
  return path;
}

/** A file's chunks of samples in its order: type and first stamp. */
function chunksIn(path: string): readonly (readonly [type: string, first: number])[] {
  const file = new RandomAccessFile(path);
  const chunks = indexXdf(file).streams.flatMap((stream) => {
    const reader = new XdfSampleReader(file, stream);
    const firsts: number[] = [];
    while (reader.next()) firsts[reader.chunk] ??= reader.stamp;
    return stream.chunkOffsets.map((place, k) => ({ place, type: stream.type, first: firsts[k] }));
  });
  file.close();
  return chunks.sort((a, b) => a.place - b.place).map(({ type, first }) => [type, first]);
}

async function featuresOf(path: string): Promise<string> {
  const out = `${path}.csv`;
  const { code, stderr } = await runAffectd(['features', path, '-p', pipeline, '--out', out]);
  expect(code, stderr).toBe(0);
  return readFileSync(out, 'utf8');
}

describe('simulate --faults, to a file', () => {
  it.each([
    ['backlog', 'backlog:gaze@20-35'],
    ['stall', 'stall@20-35'],
    ['backlogs', 'backlog:*@20-35'],
  ])(
    '%s: chunks lie in the file as they came, and its features are those of the undisturbed session',
    async (name, fault) => {
      const undisturbed = await simulate(`${name}-undisturbed`);
      const disturbed = await simulate(name, fault);
      const own = (path: string, type: string) => chunksIn(path).filter(([of]) => of === type);
      for (const type of ['EEG', 'Gaze', 'Annotation'])
        expect(own(disturbed, type)).toEqual(own(undisturbed, type));
      const order = chunksIn(disturbed);
      const at = (type: string, first: number): number =>
        order.findIndex(([of, from]) => of === type && from === first);
      if (name === 'stall') expect(order).toEqual(chunksIn(undisturbed));
      else {
        expect(at('Annotation', 34)).toBeLessThan(at('Gaze', 20));
        expect(at('Gaze', 34)).toBe(at('Gaze', 20) + 14);
        expect(at('EEG', 34)).toBe(at('Gaze', 20) - (name === 'backlog' ? 2 : 1));
      }
      const features = await featuresOf(undisturbed);
      expect(features.split('\n').length).toBeGreaterThan(100);
      expect(await featuresOf(disturbed)).toBe(features);
    },
  );
});

it('simulate --faults, to a file: what is asked of a daemon lies in it, marked as simulated, and a replay doesn’t obey', async () => {
  const undisturbed = await simulate('asked-undisturbed');
  const asked = await simulate('asked', 'throw@20,slow-model@30-40=2');
  const recording = await openRecording(asked);
  const markers: unknown[] = [];
  for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} }))
    if (message.kind === 'marker') markers.push([message.marker.time, message.marker.value]);
  expect(markers).toEqual([
    [20, 'throw'],
    [30, 'slow-model=2'],
    [40, 'slow-model=0'],
  ]);
  expect(recording.streams.find(({ info }) => info.name === 'affectd-faults')?.info).toMatchObject({
    ...{ type: 'Markers', simulated: true },
  });
  await recording.close();
  expect(await featuresOf(asked)).toBe(await featuresOf(undisturbed));
});

it('simulate --faults, to a file: whatever a device does lies in it and can be read, but no cut', async () => {
  const kinds =
    'duplicate@5-10,reorder@12-15,backward@17-20,rate@22-30=1.5,drift@32-35=500,clock@36-38=3600,late@39-42=2';
  const faults = kinds.replace(/(\w+)@/g, '$1:gaze@');
  const path = await simulate('devices', `${faults},label:eeg@20,layout:eeg@40`);
  expect((await featuresOf(path)).split('\n').length).toBeGreaterThan(60);
  const recording = await openRecording(path);
  const channels = recording.streams.flatMap(({ info }) =>
    info.type === 'EEG' ? [info.channels.length] : [],
  );
  expect(channels).toEqual([14, 14, 15]);
  await recording.close();
  const refused = await runAffectd(['simulate', '--out', join(folder, 'cut.xdf'), '--faults', 'cut@5']);
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.stderr).toContain('websocket, lsl can');
});

it('simulate --via lsl ends when it is told to, while nobody sends', async () => {
  const abort = new AbortController();
  let isOffered = (_: string): void => {};
  const offered = new Promise<string>((resolve) => {
    isOffered = resolve;
  });
  const ended = runAffectd(
    ['simulate', '--via', 'lsl', '--only', 'eda', '--duration', '20', '--faults', 'stall@0-500'],
    { clock: new VirtualClock(1000), signal: abort.signal, onLog: (text) => isOffered(text) },
  );
  expect(await offered).toContain('offers');
  abort.abort('SIGTERM');
  expect((await ended).code).toBe(0);
});
