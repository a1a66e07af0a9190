import { describe, expect, it } from 'vitest';
import type { FeatureVector } from '../../../src/core/features.js';
import type { Chunk, StreamInfo, StreamType } from '../../../src/core/signal.js';
import { featureDefinitions } from '../../../src/signal/features/registry.js';
import { cutChunk } from '../../../src/testing/chunk-invariance.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { noise } from '../transforms/signals.js';
import { cutsOf, vectorsOf, windowerOf } from './extractor-runs.js';

const streams: Partial<Record<StreamType, StreamInfo>> = {
  EEG: streamInfo({ type: 'EEG', sfreq: 128, labels: ['Fp1', 'Cz', 'Fp2'], unit: 'uV' }),
  ECG: streamInfo({ type: 'ECG', sfreq: 128, labels: ['II'], unit: 'mV' }),
  PPG: streamInfo({ type: 'PPG', sfreq: 64, labels: ['bvp'], unit: '' }),
  HR: streamInfo({ type: 'HR', sfreq: 1, labels: ['hr'], unit: '1/min' }),
  IBI: streamInfo({ type: 'IBI', sfreq: 0, labels: ['ibi'], unit: 's' }),
  EDA: streamInfo({ type: 'EDA', sfreq: 4, labels: ['eda'], unit: 'uS' }),
  TEMP: streamInfo({ type: 'TEMP', sfreq: 4, labels: ['temp'], unit: 'degC' }),
  RESP: streamInfo({ type: 'RESP', sfreq: 32, labels: ['chest'], unit: '' }),
  EOG: streamInfo({ type: 'EOG', sfreq: 100, labels: ['hEOG', 'vEOG'], unit: 'uV' }),
  EMG: streamInfo({ type: 'EMG', sfreq: 100, labels: ['zygomaticus', 'corrugator'], unit: 'uV' }),
  ACC: streamInfo({ type: 'ACC', sfreq: 32, labels: ['x', 'y', 'z'], unit: 'g' }),
  Face: streamInfo({ type: 'Face', sfreq: 30, labels: ['AU01_r', 'AU12_r', 'AU12_c'], unit: '' }),
  Gaze: {
    ...streamInfo({ type: 'Gaze', sfreq: 60, labels: ['left_x', 'left_y', 'left_pupil'], unit: 'deg' }),
    channels: [
      { label: 'left_x', unit: 'deg', type: 'gaze' },
      { label: 'left_y', unit: 'deg', type: 'gaze' },
      { label: 'left_pupil', unit: 'mm', type: 'pupil' },
    ],
  },
};

/** Noise on a level; in ECG and PPG a heart beats, in RESP there is breath, in EDA sweat. */
function rowsOf(info: StreamInfo, seconds: number): number[][] {
  const n = Math.round(seconds * (info.sfreq || 1.2));
  const pulse = (i: number) => {
    const phase = (i / info.sfreq) % 0.85;
    if (info.type === 'ECG') return phase < 0.03 ? 2 : 0;
    if (info.type === 'RESP') return 2 * Math.sin((2 * Math.PI * i) / (4 * info.sfreq));
    if (info.type === 'EDA') return 6 * response((i / info.sfreq) % 20);
    return info.type === 'PPG' ? 3 * Math.max(0, Math.sin((Math.PI * phase) / 0.3)) * Number(phase < 0.3) : 0;
  };
  const level = info.type === 'HR' ? 70 : 1;
  return info.channels.map((_, c) => noise(n, c + 3).map((x, i) => level + 0.1 * x + pulse(i)));
}

/** Rises for a second, and falls for some. */
function response(t: number): number {
  return t < 1 ? t : Math.exp((1 - t) / 3);
}

function chunksOf(info: StreamInfo, rows: readonly number[][]): Chunk[] {
  const rate = info.sfreq || 1.2;
  const n = rows[0].length;
  const stamp = (from: number, late: number) =>
    Array.from({ length: n - from }, (_, i) => (from + i) / rate + late);
  const cut = Math.floor(n * 0.6);
  return [
    chunkOf(
      info,
      rows.map((row) => row.slice(0, cut)),
      stamp(0, 0).slice(0, cut),
    ),
    chunkOf(
      info,
      rows.map((row) => row.slice(cut)),
      stamp(cut, 0.4),
      true,
    ),
  ];
}

/** A stream of `type` as its extractors take it. */
export function streamOf(type: StreamType): StreamInfo {
  const info = streams[type];
  if (!info)
    throw new Error(`an extractor reads ${type}: add such a stream to test/signal/features/robustness.ts`);
  return info;
}

/** Vectors of several features of one node, over `seconds` with a gap at 60 %. */
export function vectorsOfNoise(
  info: StreamInfo,
  features: readonly string[],
  seconds: number,
  times: readonly number[],
): FeatureVector[] {
  return vectorsOf('', info, chunksOf(info, rowsOf(info, seconds)), times, { features });
}

const trouble: Record<string, (row: number[]) => number[]> = {
  'nothing but NaN': (row) => row.map(() => Number.NaN),
  'runs of NaN': (row) => row.map((x, i) => (i % 97 < 30 ? Number.NaN : x)),
  constant: (row) => row.map(() => 1),
  zero: (row) => row.map(() => 0),
  'stuck at a rail': (row) => row.map(() => -187500),
  'railed in turn': (row) => row.map((_, i) => (i % 200 < 100 ? 187500 : -187500)),
  'on a huge offset': (row) => row.map((x) => x + 1e9),
  'far out': (row) => row.map((x, i) => (i % 50 === 0 ? 1e300 : x)),
  infinite: (row) => row.map((x, i) => (i % 50 === 0 ? Number.POSITIVE_INFINITY : x)),
  empty: () => [],
};

/**
 * What holds for every extractor, on each type of stream that it reads: chunks and the future change nothing, garbage
 * is masked and passes, and the schema stays whatever is measured. `seconds`: length of the runs; the extractor speaks within
 * them, after a gap at 60 % too.
 */
export function provesRobust(feature: string, seconds = 50): void {
  const times = Array.from({ length: 2 * seconds - 10 }, (_, i) => 4 + i / 2);
  const last = times.at(-1)!;
  const definition = featureDefinitions.get(feature)!;
  for (const type of definition.streams) {
    const info = streamOf(type);
    describe(`${definition.name} of ${type}`, () => {
      it('does not depend on chunks; instances share nothing', () => {
        const chunks = chunksOf(info, rowsOf(info, seconds));
        const whole = vectorsOf(definition.name, info, chunks, times);
        expect(whole.some((v) => v.present.includes(1))).toBe(true);
        for (const pieces of cutsOf(chunks))
          expect(vectorsOf(definition.name, info, pieces, times)).toEqual(whole);
      });

      it('serves two subscribers of one stream as it serves each alone', () => {
        const [one, two] = [rowsOf(info, seconds), rowsOf(info, seconds).map((row) => row.toReversed())];
        const inputs = [one, two].map((rows) =>
          chunksOf(info, rows).flatMap((chunk) => cutChunk(chunk, [16])),
        );
        const alone = inputs.map((chunks) => vectorsOf(definition.name, info, chunks, times));
        const windowers = inputs.map(() => windowerOf(definition.name, info));
        const waiting = inputs.map((chunks) => [...chunks]);
        for (const [k, time] of times.entries())
          for (const [i, windower] of windowers.entries()) {
            while (waiting[i].length > 0 && waiting[i][0].times[0] < time) windower.push(waiting[i].shift()!);
            expect(windower.close(time)).toEqual(alone[i][k]);
          }
      });

      it('begins anew after a clock reset, however far the stamps jump', () => {
        const rows = rowsOf(info, seconds);
        const n = rows[0].length;
        const stamps = (jump_s: number) =>
          Array.from({ length: n }, (_, i) => jump_s + i / (info.sfreq || 1.2));
        const restarted = (jump_s: number, first: boolean) => chunkOf(info, rows, stamps(jump_s), !first);
        const jump_s = 4096;
        const fresh = vectorsOf(definition.name, info, [restarted(jump_s, true)], [jump_s + last]);
        const reset = vectorsOf(
          definition.name,
          info,
          [chunkOf(info, rows, stamps(0)), restarted(jump_s, false)],
          [last, jump_s + last],
        );
        expect(reset[1].present).toEqual(fresh[0].present);
        expect(reset[1].values).toEqual(fresh[0].values);
        // A reset that moves the stamps by little: a window over it is masked, or holds what comes after it alone.
        const near = [chunkOf(info, rows, stamps(0)), restarted(n / (info.sfreq || 1.2) + 0.01, false)];
        for (const { values, present } of vectorsOf(definition.name, info, near, [seconds + 1, seconds + 2]))
          for (const [i, value] of values.entries()) expect(Number.isFinite(value)).toBe(present[i] === 1);
      });

      it('gives the same at a time, whatever comes later', () => {
        const rows = rowsOf(info, seconds);
        const later = rows.map((row) => row.map((x, i) => (i >= row.length / 2 ? 1e6 : x)));
        const middle = times.filter((t) => t <= seconds / 2 - 1);
        expect(vectorsOf(definition.name, info, chunksOf(info, later), middle)).toEqual(
          vectorsOf(definition.name, info, chunksOf(info, rows), middle),
        );
      });

      for (const [name, spoil] of Object.entries(trouble))
        it(`masks or measures, never invents: ${name}`, () => {
          const rows = rowsOf(info, seconds).map(spoil);
          const vectors = vectorsOf(definition.name, info, rows[0].length ? chunksOf(info, rows) : [], times);
          for (const { values, present, reason } of vectors) {
            for (const [i, value] of values.entries()) {
              if (present[i]) expect(Number.isFinite(value)).toBe(true);
              else expect(value).toBeNaN();
            }
            expect(reason === null).toBe(present.includes(1));
            if (name === 'nothing but NaN' || name === 'empty') expect(present).not.toContain(1);
          }
        });

      it('keeps its schema when everything is masked', () => {
        const rows = rowsOf(info, seconds);
        const nothing = rows.map((row) => row.map(() => Number.NaN));
        const [measured] = vectorsOf(definition.name, info, chunksOf(info, rows), [last]);
        const masked = [
          vectorsOf(definition.name, info, [], [last])[0],
          vectorsOf(definition.name, info, chunksOf(info, nothing), [last])[0],
          vectorsOf(definition.name, info, chunksOf(info, rows), [seconds + 30])[0],
        ];
        expect(measured.present).toContain(1);
        for (const { schema, values, present } of masked) {
          expect(schema).toEqual(measured.schema);
          expect(values).toEqual(new Float64Array(schema.features.length).fill(Number.NaN));
          expect(present).not.toContain(1);
        }
        expect(masked[0].reason).toBe('absent');
        expect(masked[2].reason).toBe('stale');
      });

      it('recovers from garbage', () => {
        const rows = rowsOf(info, seconds);
        const clean = vectorsOf(definition.name, info, chunksOf(info, rows), times);
        const burst = rows.map((row) => row.map((x, i) => (i / row.length < 0.1 ? Number.NaN : x)));
        const after = vectorsOf(definition.name, info, chunksOf(info, burst), times);
        expect(after.at(-1)!.present).toEqual(clean.at(-1)!.present);
      });
    });
  }
}
