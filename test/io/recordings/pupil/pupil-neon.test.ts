import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/core/errors.js';
import { openRecording } from '../../../../src/io/recordings/open.js';
import { temporaryFolder } from '../../../setup/temporary-folder.js';
import { expectChunkInvariant } from '../opened-text.js';
import { readRecording, samplesOf } from '../read-recording.js';

const root = temporaryFolder();
let folder: string;
let n = 0;
beforeEach(() => {
  folder = join(root, `recording-${n++}`);
  mkdirSync(folder);
  writeSession(folder);
});

const start = 1_700_000_000_000_000_000n;
const at = (ms: number) => start + BigInt(ms) * 1_000_000n;
const write = (name: string, bytes: ArrayBufferView | Uint8Array) =>
  writeFileSync(join(folder, name), Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
const stamps = (ms: readonly number[]) => BigInt64Array.from(ms, at);

/** Gaze at 200 Hz in two parts with 0.4 s between them; the second sample has no eye state, the third isn't worn. */
function writeSession(into: string): void {
  folder = into;
  const first = [0, 5, 10, 15, 20];
  const second = [420, 425, 430];
  write('gaze ps1.time', stamps(first));
  write('gaze ps1.raw', Float32Array.from(first.flatMap((ms) => [800 + ms, 600])));
  write('gaze ps2.time', stamps(second));
  write('gaze ps2.raw', Float32Array.from(second.flatMap((ms) => [800 + ms, 600])));
  const seen = first.filter((ms) => ms !== 5);
  write('eye_state ps1.time', stamps(seen));
  write('eye_state ps1.raw', Float32Array.from(seen.flatMap((ms) => [3 + ms / 8, 1, 4])));
  writeFileSync(
    join(folder, 'eye_state.dtype'),
    '[\n("pupil_diameter_left_mm", "float32"),\n("other", "float32"),\n("pupil_diameter_right_mm", "float32"),\n]\n',
  );
  write('worn ps1.raw', Uint8Array.from([255, 255, 0, 255, 255]));
  writeFileSync(
    join(folder, 'blinks.dtype'),
    '[("event_type","int32"), ("start_timestamp_ns","int64"), ("end_timestamp_ns","int64")]',
  );
  const blink = Buffer.alloc(20);
  blink.writeInt32LE(4, 0);
  blink.writeBigInt64LE(at(5), 4);
  blink.writeBigInt64LE(at(15), 12);
  write('blinks ps1.raw', blink);
  write('blinks ps1.time', stamps([5]));
  writeFileSync(join(folder, 'event.txt'), 'recording.begin\ncue\nlost\n');
  write('event.time', stamps([0, 12]));
}

describe('pupil neon', () => {
  it('joins gaze and pupils on their stamps, over the parts of the recording', async () => {
    const recording = await openRecording(folder);
    expect(recording.format).toBe('Pupil Labs Neon');
    expect(recording.zero_unix_s).toBe(0);
    expect(recording.problems).toEqual(['event.time: 1 events have no stamp; left out']);
    expect(
      recording.streams.map(({ info, samples, gaps }) => [info.type, info.sfreq, samples, gaps.length]),
    ).toEqual([
      ['Gaze', 200, 8, 1],
      ['Markers', 0, 1, 0],
      ['Markers', 0, 2, 0],
    ]);
    expect(recording.streams[0].info.channels.map(({ label, unit }) => `${label} ${unit}`)).toEqual([
      'x px',
      'y px',
      'left_pupil mm',
      'right_pupil mm',
    ]);
    const { streams, markers } = await readRecording(recording);
    const [{ data, times, gaps }] = streams.values();
    expect(data[0]).toEqual([800, 805, Number.NaN, 815, 820, 1220, 1225, 1230]);
    expect(data[2]).toEqual([3, Number.NaN, Number.NaN, 4.875, 5.5, Number.NaN, Number.NaN, Number.NaN]);
    expect(times.map((time) => Math.round((time - 1.7e9) * 1e6))).toEqual([
      0, 5000, 10000, 15000, 20000, 420000, 425000, 430000,
    ]);
    expect(gaps).toEqual([5]);
    expect(markers.map(({ value }) => value)).toEqual([
      'recording.begin',
      'cue',
      'blink onset_s=1700000000.005 duration_s=0.01',
    ]);
    await expectChunkInvariant(recording);
    await recording.close();
  });

  it('reads up to a cut, whatever file it is in', async () => {
    const whole = await samplesOf(await openRecording(folder));
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const bytes = readFileSync(path);
      for (const length of [0, 1, bytes.length >> 1, bytes.length - 1]) {
        truncateSync(path, length);
        try {
          const recording = await openRecording(folder);
          const { streams } = await samplesOf(recording);
          const known = new Set(whole.streams[0].times);
          for (const time of streams[0]?.times ?? []) expect(known.has(time)).toBe(true);
          await recording.close();
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
        writeFileSync(path, bytes);
      }
    }
  });

  it.each([
    ['blinks', 'start_timestamp_ns', 'event_type'],
    ['worn', 'other', 'worn'],
  ])('says that the layout of %s lacks a field', async (name, has, field) => {
    writeFileSync(join(folder, `${name}.dtype`), `("${has}", "uint8")`);
    const read = openRecording(folder).then(readRecording);
    await expect(read).rejects.toBeInstanceOf(InputError);
    await expect(read).rejects.toThrow(`${join(folder, name)}.dtype: it has no field "${field}"; copy it`);
  });

  it('needs stamps', async () => {
    for (const name of readdirSync(folder)) if (name.endsWith('.time')) rmSync(join(folder, name));
    await expect(openRecording(folder)).rejects.toThrow(/no readable sample/);
  });
});

const real = '../shared/recordings/pupil-neon/demo_recording';
describe.skipIf(!existsSync(real))('real Neon recording', () => {
  it('demo_recording: as numpy reads it', async () => {
    const recording = await openRecording(real);
    expect(recording.problems).toEqual([]);
    expect(
      recording.streams.map(({ info, samples, gaps }) => [info.type, info.sfreq, samples, gaps.length]),
    ).toEqual([
      // Two more steps of each, of two and three intervals, lie in its first second, when nobody knows yet how late samples may come.
      ['Gaze', 200, 1788, 1],
      ['ACC', 104, 969, 2],
      ['GYRO', 104, 969, 2],
      ['Markers', 0, 47, 0],
      ['Markers', 0, 2, 0],
    ]);
    const { streams, markers } = await readRecording(recording);
    const [gaze, acc, gyro] = [...streams.values()];
    expect(gaze.times[0]).toBeCloseTo(1760676790.465966, 5);
    expect(gaze.data.map((values) => Number(values[0].toFixed(4)))).toEqual([
      719.7832, 749.7763, 3.2558, 3.377, 6.7735, 8.3147,
    ]);
    expect(gaze.data.flat().some(Number.isNaN)).toBe(false);
    expect(acc.data.map((values) => Number(values[0].toFixed(5)))).toEqual([-0.04443, 0.14453, 0.83789]);
    expect(gyro.data.map((values) => Number(values[0].toFixed(4)))).toEqual([-7.4444, -4.3964, 5.3692]);
    const events = markers.filter(({ stream }) => stream.endsWith('/events'));
    expect(events.filter(({ value }) => value.startsWith('blink'))).toHaveLength(2);
    expect(events[0].value).toBe('fixation onset_s=1760676790.591077 duration_s=0.085001');
    expect(events[0].time).toBeCloseTo(1760676790.676078, 5);
    await expectChunkInvariant(recording);
    await recording.close();
  });

  it('reads recordings from before the app wrote its layouts', async () => {
    const older = join(root, 'older');
    mkdirSync(older);
    for (const name of ['gaze ps1.raw', 'gaze ps1.time']) copyFileSync(join(real, name), join(older, name));
    const recording = await openRecording(older);
    expect(recording.streams).toMatchObject([{ samples: 1788, info: { type: 'Gaze' } }]);
    await recording.close();
  });
});
