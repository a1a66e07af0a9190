import type * as tfjs from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { batchTensors } from '../../../src/engines/tfjs-executable.js';
import { type Tfjs, TfjsGraph } from '../../../src/engines/tfjs-graph.js';
import { loadTfjsWasm } from '../../../src/engines/tfjs-wasm.js';
import { listOf } from '../../../src/engines/wasm/plan.js';
import { WasmModel } from '../../../src/engines/wasm/wasm-model.js';
import { bindModel } from '../../../src/models/definition.js';
import { hiMoe } from '../../../src/models/hi-moe.js';
import { mulberry32 } from '../../../src/models/random.js';
import { referenceModel } from '../reference-model.js';

let tf: Tfjs;
beforeAll(async () => {
  tf = await loadTfjsWasm();
});

type Case = ReturnType<typeof referenceModel>;

/** Dropout's numbers are each executor's own. */
function withoutDropout({ reference, ...rest }: Case): Case {
  const settings = structuredClone(reference.settings) as { encoders: Record<string, { dropout?: number }> };
  for (const encoder of Object.values(settings.encoders)) if (encoder.dropout) encoder.dropout = 0;
  return { ...rest, reference, model: bindModel(hiMoe, hiMoe.settings.parse(settings), rest.model.inputs) };
}

/** A loss in which every element of every output has its own weight. */
function lossOf(outputs: readonly tfjs.Tensor[]): tfjs.Scalar {
  const uniform = mulberry32(5);
  const terms = outputs.map((output) => {
    const weights = Float32Array.from({ length: output.size }, () => 2 * uniform() - 1);
    const weighted = tf.mul(output, tf.tensor(weights, output.shape));
    return tf.add(tf.sum(weighted), tf.sum(tf.square(output)));
  });
  return tf.addN(terms) as tfjs.Scalar;
}

/** Loss, gradients by parameter and statistics of each batch normalisation. */
interface Differentiated {
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, Float32Array>;
  readonly observed: ReadonlyMap<string, readonly number[]>;
}

function byTfjs({ model, batch, parameters }: Case): Differentiated {
  const specs = model.parameters.filter(({ trainable }) => trainable);
  const tensor = ({ name, shape }: (typeof specs)[number]) => tf.tensor(parameters.get(name)!, [...shape]);
  const fixed = new Map(model.parameters.filter((s) => !s.trainable).map((s) => [s.name, tensor(s)]));
  const inputs = batchTensors(tf, model, batch);
  const observed = new Map<string, number[]>();
  const { value, grads } = tf.valueAndGrads((...args: tfjs.Tensor[]) => {
    const tensors = new Map([...fixed, ...specs.map(({ name }, i) => [name, args[i]] as const)]);
    const graph = new TfjsGraph(
      tf,
      {
        input: (name) => inputs.get(name)!,
        parameter: (name) => tensors.get(name)!,
        transposed: (name) => tf.transpose(tensors.get(name)!),
      },
      {
        nextSeed: () => 1,
        observe: (name, mean, variance) =>
          observed.set(name, [...mean.dataSync(), ...variance.dataSync()] as number[]),
      },
    );
    return lossOf(listOf(model.forward(graph)));
  })(specs.map(tensor));
  const gradients = new Map(specs.map(({ name }, i) => [name, grads[i].dataSync() as Float32Array]));
  return { loss: value.dataSync()[0], gradients, observed };
}

function byKernels({ model, batch, parameters }: Case, wasm = new WasmModel(model)): Differentiated {
  const observed = new Map<string, number[]>();
  const training = {
    nextSeed: () => 1,
    observe: (name: string, mean: Float64Array, variance: Float64Array) => {
      observed.set(name, [...mean, ...variance]);
    },
  };
  let loss = 0;
  tf.tidy(() => {
    const { value } = tf.valueAndGrads((handle: tfjs.Tensor) =>
      lossOf(listOf(wasm.values(tf, handle, batch, parameters, training))),
    )([tf.scalar(0)]);
    loss = value.dataSync()[0];
  });
  const trained = model.parameters.filter(({ trainable }) => trainable);
  return {
    loss,
    gradients: new Map(trained.map(({ name }) => [name, wasm.gradient(name).slice()])),
    observed,
  };
}

/** Largest difference, as a share of the largest value expected. */
function difference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  const pairs = Array.from(expected, (e, i) => [e, found[i]]);
  const size = Math.max(...pairs.map(([e]) => Math.abs(e)), 1e-6);
  return Math.max(...pairs.map(([e, f]) => Math.abs(e - f))) / size;
}

describe('WasmModel', () => {
  for (const name of ['benchmark', 'windows'] as const) {
    it(`computes what the reference does: ${name}`, () => {
      const { model, batch, parameters, reference } = referenceModel(name);
      const { heads, weights } = new WasmModel(model).compute(batch, parameters);
      expect(difference(heads!.values, reference.heads.flat())).toBeLessThan(1e-5);
      expect(difference(weights.values, reference.weights.flat())).toBeLessThan(1e-5);
    });

    it(`differentiates as tfjs does: ${name}`, () => {
      const model = withoutDropout(referenceModel(name));
      const [expected, found] = [byTfjs(model), byKernels(model)];
      expect(found.loss).toBeCloseTo(expected.loss, 3);
      for (const [parameter, gradient] of expected.gradients)
        expect(difference(found.gradients.get(parameter)!, gradient), parameter).toBeLessThan(2e-4);
      for (const [norm, statistics] of expected.observed)
        expect(difference(found.observed.get(norm)!, statistics), norm).toBeLessThan(1e-5);
    });
  }

  it('gives the same bytes twice, and whatever ran before', () => {
    const model = referenceModel('windows');
    const wasm = new WasmModel(model.model);
    const first = byKernels(model, wasm);
    expect(byKernels(model, wasm)).toEqual(first);
    expect(byKernels(model)).toEqual(first);
  });
});
