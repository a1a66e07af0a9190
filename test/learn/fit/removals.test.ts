import { expect, it } from 'vitest';
import type { ModelFrame, ModelOutput } from '../../../src/core/model.js';
import type { Example } from '../../../src/learn/examples/example.js';
import { removals } from '../../../src/learn/fit/removals.js';
import type { Inference } from '../../../src/model/engines/inference.js';
import { anExample } from './an-example.js';

const on = (value: number, present = true): ModelFrame[number] => ({
  values: Float32Array.of(value),
  mask: Uint8Array.of(1),
  present,
});

/** Valence is what the first sensor says; the second says nothing. Intervals are wider without the first. */
const inference: Pick<Inference, 'predict'> = {
  predict: async (frames, explain) =>
    frames.map((frame): ModelOutput => {
      const value = frame[0].present ? frame[0].values[0] : 0;
      return {
        valence: value,
        arousal: null,
        weights: [0.3, 0.7],
        routing: [],
        interval: { level: 0.9, valence: frame[0].present ? [0.1, 0.3] : [-0.4, 0.4], arousal: null },
        ...(explain && { contribution: { first: { valence: value }, second: { valence: 0 } } }),
      };
    }),
};

const sessions = (frameOf: (label: number) => ModelFrame): Example[] =>
  ['a', 'b', 'c'].flatMap((person, p) =>
    [0.5, -0.5].map(
      (valence, i) =>
      anExample({ person, window: [4 * i, 4 * i + 4], valence: valence + 0.1 * p, arousal: 0, frame: frameOf(valence + 0.1 * p) }), // biome-ignore format: one call
    ),
  );

it('sets what a sensor contributes beside what its removal does, window by window', async () => {
  const full = sessions((label) => [on(label), on(9)]);
  // A window that begins only without the sensor has nothing to be compared with.
  const early = anExample({
    person: 'a',
    window: [-9, -5],
    valence: 1,
    arousal: 0,
    frame: [on(0, false), on(9)],
  });
  const lacking = new Map([
    ['first', [early, ...sessions(() => [on(0, false), on(9)])]],
    ['second', sessions((label) => [on(label), on(0, false)])],
  ]);
  const [first, second] = await removals(inference as Inference, ['first', 'second'], full, lacking);
  expect(first).toMatchObject({ modality: 'first', windows: 6, people: 3 });
  expect(first.weight).toBeCloseTo(0.3, 12);
  const { valence } = first.dimensions;
  for (const found of [valence!.contribution, valence!.change, valence!.error.mean])
    expect(found).toBeCloseTo(0.5, 6);
  expect(valence!.half_width.mean).toBeCloseTo(0.3, 6);
  expect(valence!.half_width.lower_bound).toBeCloseTo(0.3, 6);
  expect(first.together.error.lower_bound).toBeGreaterThan(0.4);
  expect(second.weight).toBeCloseTo(0.7, 12);
  expect(second.dimensions.valence).toMatchObject({ contribution: 0, change: 0 });
  expect(second.together.half_width.mean).toBe(0);
  expect(first.dimensions).not.toHaveProperty('arousal');
});
