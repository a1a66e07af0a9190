import { describe, expect, it } from 'vitest';
import type { ModelFrame } from '../../src/core/model.js';
import { Random } from '../../src/core/random.js';
import { distances, familiarLimits, unfamiliar } from '../../src/model/familiarity.js';
import { inputSpec } from './engines/reference-model.js';

const inputs = [
  {
    ...inputSpec('eeg', [8]),
    with_mask: true,
    standardisation: { mean: Array(8).fill(10), sd: Array(8).fill(2), clip_sd: 5 },
  },
  inputSpec('eda', [2, 16]),
];
const frame = (eeg: ArrayLike<number>, eda: ArrayLike<number>, mask = [1, 1]): ModelFrame => [
  { values: Float32Array.from(eeg), mask: new Uint8Array(8).fill(1), present: true },
  { values: Float32Array.from(eda), mask: Uint8Array.from(mask), present: mask.includes(1) },
];
const normal = new Random(4).gaussian;
const usual = (): ModelFrame =>
  frame(
    Array.from({ length: 8 }, () => 10 + 2 * normal()),
    Array.from({ length: 32 }, () => normal()),
  );

describe('distances', () => {
  it('are root mean squares of standardised values, limits and masked channels left out', () => {
    const eda = [...Array(16).fill(3), ...Array(16).fill(Number.NaN)];
    const [eeg, one] = distances(inputs, frame(Array(8).fill(10 + 2 * 40), eda, [1, 0]));
    expect(eeg).toBeCloseTo(40, 5);
    expect(one).toBeCloseTo(3, 5);
    expect(distances(inputs, frame(Array(8).fill(10), eda, [0, 0]))).toEqual([0, Number.NaN]);
  });
});

describe('unfamiliar', () => {
  const limits = familiarLimits(inputs, Array.from({ length: 2000 }, usual));

  it('lets what is like the data pass, and names the modality that is not', () => {
    const passed = Array.from({ length: 500 }, usual).filter(
      (f) => unfamiliar(inputs, limits, f).length === 0,
    );
    expect(passed).toHaveLength(500);
    const volts = Array.from({ length: 8 }, () => (10 + 2 * normal()) * 1e-6);
    expect(unfamiliar(inputs, limits, frame(volts, Array(32).fill(0)))).toEqual(['eeg']);
    expect(unfamiliar(inputs, limits, frame(Array(8).fill(10), Array(32).fill(50)))).toEqual(['eda']);
  });

  it('says nothing of what is absent', () => {
    expect(unfamiliar(inputs, limits, frame(Array(8).fill(10), Array(32).fill(50), [0, 0]))).toEqual([]);
  });
});
