import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { decodeState, encodeState } from '../../src/pipeline/run/state-file.js';
import { clockFigures } from '../../src/testing/clock-figures.js';
import { clockRows, failuresOf } from '../../src/testing/clock-rows.js';
import { type ClockTrial, clockTrial } from '../../src/testing/clock-trial.js';

const STORED_SHARE = 0.002;

/** A number of each sample, as hex: runners compare long arrays slowly. */
const bytesOf = (samples: ClockTrial['samples'], of: (sample: ClockTrial['samples'][number]) => number) =>
  Buffer.from(Float64Array.from(samples, of).buffer).toString('hex');

/** All that a clock gave, in order. */
const given = ({ samples, events, staleOnsets }: ClockTrial) => ({
  times: bytesOf(samples, ({ time }) => time),
  given: bytesOf(samples, ({ given_s }) => given_s),
  rates: bytesOf(samples, ({ rate_hz }) => rate_hz),
  gaps: samples.flatMap(({ isGap }, i) => (isGap ? [i] : [])),
  predicted: samples.flatMap(({ isPredicted }, i) => (isPredicted ? [i] : [])),
  events,
  staleOnsets,
});

/** State that was stored, by a structured clone or a file, and read again, at random places. */
function storedAtRandom(seed: number): () => (<T>(state: T) => T) | null {
  const random = new Random(seed, 'stored');
  return () => {
    if (random.uniform() >= STORED_SHARE) return null;
    const isFile = random.uniform() < 0.5;
    return <T>(state: T): T => (isFile ? (decodeState(encodeState(state)) as T) : structuredClone(state));
  };
}

describe.each(clockRows.map((row) => [row.name, row] as const))('on the device: %s', (_name, row) => {
  const { device, clock } = row;

  it('a clock shows what it must; cut into single samples, stored and restored at random places, it gives the same', () => {
    const seeds = Array.from({ length: row.leastSeeds ?? 1 }, (_, i) => i + 1);
    const trials = seeds.map((seed) => clockTrial(device, { seed, clock }));
    expect(failuresOf(row, trials.map(clockFigures))).toEqual([]);
    const [seed] = seeds;
    const otherwise = clockTrial(device, { seed, clock, split: true, stored: storedAtRandom(seed) });
    expect(given(otherwise)).toEqual(given(trials[0]));
  });
});
