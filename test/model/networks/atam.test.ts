import { describe, expect, it } from 'vitest';
import { WasmExecutable } from '../../../src/model/engines/wasm/wasm-executable.js';
import { atam } from '../../../src/model/networks/atam.js';
import { bindModel } from '../../../src/model/networks/definition.js';
import { initialParameters } from '../../../src/model/networks/parameters.js';
import { inputSpec } from '../engines/reference-model.js';
import { describeParity } from '../parity.js';

describeParity('atam');

const inputs = ['eeg', 'eye'].map((name) => inputSpec(name, [2]));

/** Weights of both modalities before anything is learnt, for three windows; the eye is missing from the last. */
async function firstWeights(own: object): Promise<number[][]> {
  const settings = atam.settings.parse({
    transforms: { eeg: [8], eye: [8] },
    classes: ['low', 'high'],
    ...own,
  });
  const model = bindModel(atam, settings, inputs);
  const executable = new WasmExecutable(model, initialParameters(model.parameters, 1));
  const { weights } = await executable.run({
    size: 3,
    inputs: new Map([
      ['eeg', Float32Array.of(2, -1, 0, 3, 1, 1)],
      ['eye', Float32Array.of(-2, 1, 4, 0, 0, 0)],
    ]),
    presence: Float32Array.of(1, 1, 1, 1, 1, 0),
  });
  await executable.dispose();
  return [0, 1, 2].map((row) => [...weights.subarray(2 * row, 2 * row + 2)]);
}

describe('attention at first', () => {
  it('weighs modalities alike where its query is 0, and what is there alone where one is missing', async () => {
    const weights = await firstWeights({ query: 'zero' });
    expect(weights).toEqual([
      [0.5, 0.5],
      [0.5, 0.5],
      [1, 0],
    ]);
  });

  it('is drawn otherwise, and the less sure the smaller its scale', async () => {
    const logOdds = ([a, b]: readonly number[]): number => Math.log(a / b);
    const paper = await firstWeights({});
    const gentle = await firstWeights({ attention_scale: 0.1 });
    for (const row of [0, 1]) {
      expect(Math.abs(logOdds(paper[row]))).toBeGreaterThan(0.1);
      expect(logOdds(gentle[row])).toBeCloseTo(0.1 * logOdds(paper[row]), 4);
    }
  });
});
