import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { differentiable, TfjsDifferentiable } from '../../src/model/engines/differentiable.js';
import type { Engine, Executable, ModelArrays } from '../../src/model/engines/engine.js';
import { createOnnxEngine } from '../../src/model/engines/onnx.js';
import { writeOnnx } from '../../src/model/engines/onnx-writer.js';
import { TfjsExecutable } from '../../src/model/engines/tfjs-executable.js';
import { createTfjsWasmEngine, loadTfjsWasm } from '../../src/model/engines/tfjs-wasm.js';
import { WasmExecutable } from '../../src/model/engines/wasm/wasm-executable.js';
import { outputNames } from '../../src/model/networks/definition.js';
import { difference, differentiateAll } from './engines/differentiate.js';
import { drawnModel } from './engines/reference-model.js';

interface Case {
  readonly type: string;
  readonly settings: Record<string, unknown>;
  readonly inputs: Record<string, number[]>;
  readonly seed: number;
  readonly weight_scale: number;
  readonly input_scale: number;
  readonly presence: number[][];
  readonly outputs: Record<string, unknown>;
}

/** Made by fixtures/models/make_models.py. */
const cases: Readonly<Record<string, Case>> = JSON.parse(
  readFileSync(new URL('../../fixtures/models/models.json', import.meta.url), 'utf8'),
);

/** Every way in which a model is computed. */
export const executors: Record<string, (model: Parameters<Engine['load']>[0]) => Promise<Executable>> = {
  onnx: async (model) => (await createOnnxEngine()).load(model),
  wasm: async ({ model, parameters }) => new WasmExecutable(model, parameters),
  'tfjs-wasm': async (model) => (await createTfjsWasmEngine()).load(model),
  'tfjs-cpu': async ({ model, parameters }) => {
    tf.enableProdMode();
    await tf.setBackend('cpu');
    return new TfjsExecutable(tf, model, parameters);
  },
};

/** Logits of every pair of rows, [D][i][j][3], from what each row brings to a pair. */
function pairLogits(ranking: Float32Array, rows: number): number[] {
  const width = ranking.length / rows;
  const at = (row: number, column: number): number => ranking[row * width + column];
  const logits: number[] = [];
  for (let d = 0; d < width / 6; d++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < rows; j++)
        for (let k = 0; k < 3; k++) logits.push(at(i, 6 * d + k) + at(j, 6 * d + 3 + k));
  return logits;
}

/**
 * Tests every case of the model `type`, on every executor, against its float64 reference.
 *
 * @param oracle tfjs backend whose gradients the planned kernels are compared with
 */
export function describeParity(
  type: string,
  specOf?: Parameters<typeof drawnModel>[2],
  oracle: 'wasm' | 'cpu' = 'wasm',
): void {
  const own = Object.entries(cases).filter(([, given]) => given.type === type);
  describe.each(Object.keys(executors))('%s against a float64 reference', (executor) => {
    it.each(own)('agrees on %s to 1e-5', async (_, given) => {
      const { model, parameters, batch } = drawnModel(type, given, specOf);
      const executable = await executors[executor]({ model, parameters, onnx: writeOnnx(model, parameters) });
      const found: ModelArrays = await executable.run(batch);
      await executable.dispose();
      const { pairs, ...outputs } = given.outputs;
      const compare = (computed: ArrayLike<number>, expected: unknown): void => {
        const flat = (expected as number[][]).flat(4) as unknown as number[];
        expect(computed.length).toBe(flat.length);
        flat.forEach((value, i) => {
          expect(Math.abs(computed[i] - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
        });
      };
      for (const [name, expected] of Object.entries(outputs)) compare(found[name as 'heads'], expected);
      if (pairs) compare(pairLogits(found.ranking, batch.size), pairs);
      // What the reference doesn't have, such as weights where nothing is fused, no engine tells.
      for (const name of outputNames)
        if (!(name in outputs) && !(pairs && name === 'ranking')) expect(found[name]).toHaveLength(0);
    });
  });
  describe('the planned kernels', () => {
    it.each(own)('differentiate %s as tfjs does', async (_, given) => {
      const wasm = await loadTfjsWasm();
      // Dropout's numbers are each executor's own.
      const still = JSON.parse(JSON.stringify(given), (key, value) =>
        key === 'dropout' && typeof value === 'number' ? 0 : value,
      ) as Case;
      const { model, parameters, batch } = drawnModel(type, still, specOf);
      await tf.setBackend(oracle);
      const expected = differentiateAll(tf, model, new TfjsDifferentiable(tf, model), batch, parameters);
      await tf.setBackend('wasm');
      const found = differentiateAll(wasm, model, differentiable(wasm, model), batch, parameters);
      expect(difference([found.loss], [expected.loss])).toBeLessThan(1e-4);
      for (const [name, gradient] of expected.gradients) {
        // What is nothing but rounding (a bias that a softmax takes out again) says nothing.
        if (Math.max(...gradient.map(Math.abs)) < 1e-4) continue;
        expect(difference(found.gradients.get(name)!, gradient), name).toBeLessThan(1e-3);
      }
    });
  });
}
