import { describe, expect, it } from 'vitest';
import type { Example } from '../../../src/learn/examples/example.js';
import { standardisedInputs } from '../../../src/learn/examples/standardise.js';
import { inputSpec } from '../../model/engines/reference-model.js';
import { anExample } from '../fit/an-example.js';

const example = (values: number[], mask: number[], present = true): Example =>
  anExample({ frame: [{ values: Float32Array.from(values), mask: Uint8Array.from(mask), present }] });

describe('standardisedInputs', () => {
  it('counts measured values alone', () => {
    const examples = [
      example([1000001, 5], [1, 1]),
      example([1000003, 99], [1, 0]),
      example([7, 7], [1, 1], false),
    ];
    const [{ standardisation, with_mask }] = standardisedInputs(
      new Map([['x', inputSpec('x', [2])]]),
      examples,
      5,
      true,
    );
    expect(with_mask).toBe(true);
    const { mean, sd } = standardisation;
    expect(mean).toEqual([1000002, 5]);
    expect(sd).toEqual([1, 1]);
  });

  it('pools the samples of a channel of raw windows', () => {
    const windows = new Map([['x', inputSpec('x', [2, 2])]]);
    const [{ standardisation, with_mask }] = standardisedInputs(
      windows,
      [example([1, 3, 10, 10], [1, 1])],
      null,
      true,
    );
    expect(with_mask).toBe(false);
    const { mean, sd } = standardisation;
    expect(mean).toEqual([2, 10]);
    expect(sd).toEqual([1, 1]);
  });
});
