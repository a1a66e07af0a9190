import * as tfjs from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { fitModel } from '../../../src/learn/fit/fit.js';
import { fitSettings } from '../../../src/learn/fit/fit-settings.js';
import { MaxNorm } from '../../../src/learn/fit/max-norm.js';
import { Sgd } from '../../../src/learn/fit/sgd.js';
import type { Tfjs } from '../../../src/model/engines/tfjs-graph.js';
import { loadTfjsWasm } from '../../../src/model/engines/tfjs-wasm.js';
import { bindModel } from '../../../src/model/networks/definition.js';
import { hiMoe } from '../../../src/model/networks/hi-moe.js';
import { inputSpec } from '../../model/engines/reference-model.js';
import { anExample } from './an-example.js';
import { reference } from './reference.js';

describe('MaxNorm', () => {
  it('shortens columns as torch.renorm does, after the step, and what has no limit it leaves alone', () => {
    const { before, after, limit } = reference.max_norm;
    const sgd = () => new Sgd([24, 24], { momentum: 0, weight_decay: 0 });
    const limited = new MaxNorm(sgd(), [{ shape: [6, 4], max_norm: limit }, { shape: [6, 4] }]);
    const start = Float32Array.from(before.flat(), (value: number) => value + 0.5);
    const parameters = [start, start.slice()];
    const gradient = new Float32Array(24).fill(1);
    limited.update(parameters, [gradient, gradient], 0.5);
    for (const [i, value] of after.flat().entries()) expect(parameters[0][i]).toBeCloseTo(value, 6);
    for (const [i, value] of before.flat().entries()) expect(parameters[1][i]).toBeCloseTo(value, 6);
    expect(limited.snapshot().step).toBe(1);
    const resumed = new MaxNorm(sgd(), []);
    resumed.restore(limited.snapshot());
    expect(resumed.snapshot()).toEqual(limited.snapshot());
  });
});

/** The longest spatial filter of an EEGNet after some steps that are far too large. */
async function longest(tf: Tfjs, spatial_max_norm: number | null): Promise<number> {
  const eegnet = {
    kind: 'eegnet',
    temporal_filters: 2,
    separable_filters: 4,
    temporal_taps: 8,
    spatial_max_norm,
  };
  const model = bindModel(
    hiMoe,
    hiMoe.settings.parse({
      width: 4,
      encoders: { eeg: eegnet },
      modality_experts: { count: 2, hidden: 4 },
      emotion_experts: { count: 2, hidden: 4 },
      head_hidden: 4,
      heads: ['valence'],
      activation: 'gelu',
    }),
    [inputSpec('eeg', [4, 32])],
  );
  const { uniform } = new Random(5);
  const train = Array.from({ length: 16 }, (_, i) =>
    anExample({
      person: 'p',
      window: [i, i + 1],
      valence: uniform() - 0.5,
      frame: [
        {
          values: Float32Array.from({ length: 128 }, () => uniform() - 0.5),
          mask: Uint8Array.of(1, 1, 1, 1),
          present: true,
        },
      ],
    }),
  );
  const settings = fitSettings.parse({
    seed: 1,
    epochs: 2,
    batch_size: 8,
    learning_rate: 0.5,
    keep: 'last',
    loss: { mse: 1 },
  });
  const { parameters } = await fitModel(tf, model, { train, validation: [] }, settings);
  const weights = parameters.get('encoder.eeg.spatial')!;
  const maps = weights.length / 4;
  return Math.max(
    ...Array.from({ length: maps }, (_, m) => Math.hypot(...[0, 1, 2, 3].map((c) => weights[c * maps + m]))),
  );
}

describe('EEGNet’s max-norm', () => {
  it.each(['wasm', 'cpu'])('holds where %s trains', async (backend) => {
    const wasm = await loadTfjsWasm();
    if (backend === 'cpu') await tfjs.setBackend('cpu');
    const tf = backend === 'cpu' ? (tfjs as unknown as Tfjs) : wasm;
    expect(await longest(tf, null)).toBeGreaterThan(1.5);
    const limited = await longest(tf, 1);
    expect(limited).toBeLessThan(1 + 1e-6);
    expect(limited).toBeGreaterThan(0.9);
    await tfjs.setBackend('wasm');
  });
});
