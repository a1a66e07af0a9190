import { describe, expect, it } from 'vitest';
import { benchModel, benchModelEegnet } from '../../src/bench/model.js';

const sizes = ['ms_b1', 'ms_b8', 'ms_b64', 'ms_b256'] as const;

describe('the model benchmarks', () => {
  it('measures the layer table', async () => {
    const result = await benchModel({ engine: 'onnx', seconds: 0.02, python: null });
    expect(result).toMatchObject({ bench: 'model', engine: 'onnx', parameters: 325_916, peer: null });
    for (const size of sizes) expect(result[size]).toBeGreaterThan(0);
    expect(result.ms_b256).toBeGreaterThan(result.ms_b1);
  });

  it('measures EEGNet on raw windows', async () => {
    const result = await benchModelEegnet({ engine: 'onnx', seconds: 0.02, python: null });
    expect(result).toMatchObject({ bench: 'model-eegnet', engine: 'onnx' });
    for (const size of sizes) expect(result[size]).toBeGreaterThan(0);
  });

  it('goes on without a peer where there is no such Python', async () => {
    expect(await benchModel({ engine: 'onnx', seconds: 0.02, python: '/no/python' })).toMatchObject({
      peer: null,
    });
  });
});
