import { beforeAll, describe, expect, it } from 'vitest';
import { differentiable, TfjsDifferentiable } from '../../../../src/model/engines/differentiable.js';
import type { Tfjs } from '../../../../src/model/engines/tfjs-graph.js';
import { loadTfjsWasm } from '../../../../src/model/engines/tfjs-wasm.js';
import { WasmModel } from '../../../../src/model/engines/wasm/wasm-model.js';
import type { ModelBatch } from '../../../../src/model/frames.js';
import { bindModel } from '../../../../src/model/networks/definition.js';
import { hiMoe } from '../../../../src/model/networks/hi-moe.js';
import { difference, differentiateAll } from '../differentiate.js';
import { referenceModel } from '../reference-model.js';

let tf: Tfjs;
beforeAll(async () => {
  tf = await loadTfjsWasm();
});

/** The reference without dropout, whose numbers are each executor's own. */
function withoutDropout(name: 'benchmark' | 'windows') {
  const { reference, model, batch, parameters } = referenceModel(name);
  const settings = structuredClone(reference.settings) as { encoders: Record<string, { dropout?: number }> };
  for (const encoder of Object.values(settings.encoders)) if (encoder.dropout) encoder.dropout = 0;
  return { model: bindModel(hiMoe, hiMoe.settings.parse(settings), model.inputs), batch, parameters };
}

/** The first `size` windows. */
function firstOf({ inputs, presence, size: all }: ModelBatch, size: number): ModelBatch {
  const first = (values: Float32Array): Float32Array => values.slice(0, (values.length / all) * size);
  return {
    size,
    presence: first(presence),
    inputs: new Map([...inputs].map(([name, v]) => [name, first(v)])),
  };
}

describe('WasmModel', () => {
  for (const name of ['benchmark', 'windows'] as const) {
    it(`computes what the reference does: ${name}`, () => {
      const { model, batch, parameters, reference } = referenceModel(name);
      const { heads, weights } = new WasmModel(model).compute(batch, parameters);
      expect(difference(heads!.values, reference.heads.flat())).toBeLessThan(1e-5);
      expect(difference(weights!.values, reference.weights.flat())).toBeLessThan(1e-5);
    });

    it(`differentiates as tfjs does: ${name}`, () => {
      const { model, batch, parameters } = withoutDropout(name);
      const expected = differentiateAll(tf, model, new TfjsDifferentiable(tf, model), batch, parameters);
      const found = differentiateAll(tf, model, differentiable(tf, model), batch, parameters);
      expect(found.loss).toBeCloseTo(expected.loss, 3);
      for (const [parameter, gradient] of expected.gradients)
        expect(difference(found.gradients.get(parameter)!, gradient), parameter).toBeLessThan(2e-4);
      for (const [norm, statistics] of expected.statistics)
        expect(difference(found.statistics.get(norm)!, statistics), norm).toBeLessThan(1e-5);
    });
  }

  it('gives the same bytes twice, and whatever ran before', () => {
    const { model, batch, parameters } = referenceModel('windows');
    const network = differentiable(tf, model);
    const once = () => differentiateAll(tf, model, network, batch, parameters);
    const first = once();
    differentiateAll(tf, model, network, firstOf(batch, 2), parameters);
    expect(once()).toEqual(first);
    expect(differentiateAll(tf, model, differentiable(tf, model), batch, parameters)).toEqual(first);
  });

  it('leaves a window the bytes that it has alone', () => {
    const { model, batch, parameters } = referenceModel('windows');
    const wasm = new WasmModel(model);
    const all = wasm.compute(batch, parameters).heads!;
    const width = all.shape[1];
    for (let size = 1; size < batch.size; size++) {
      const { values, shape } = wasm.compute(firstOf(batch, size), parameters).heads!;
      expect(shape).toEqual([size, width]);
      expect([...values]).toEqual([...all.values.subarray(0, size * width)]);
    }
  });
});
