import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import { differentiable, TfjsDifferentiable } from '../../../../src/model/engines/differentiable.js';
import type { Tfjs } from '../../../../src/model/engines/tfjs-graph.js';
import { loadTfjsWasm } from '../../../../src/model/engines/tfjs-wasm.js';
import { type BoundModel, inputShape } from '../../../../src/model/networks/definition.js';
import { type Convolution, convolvedLength, type Graph } from '../../../../src/model/networks/graph.js';
import { initialParameters, sizeOf } from '../../../../src/model/networks/parameters.js';
import { difference, differentiateAll } from '../differentiate.js';
import { inputSpec } from '../reference-model.js';

let tf: Tfjs;
beforeAll(async () => {
  tf = await loadTfjsWasm();
});

type Forward = <T>(g: Graph<T>, x: T) => T;

/** A model of one input and of whatever parameters are given. */
function modelOf(
  shape: readonly number[],
  parameters: Readonly<Record<string, readonly number[]>>,
  forward: Forward,
): BoundModel {
  const inputs = [inputSpec('x', shape)];
  return {
    type: 'test',
    settings: {},
    inputs,
    heads: [],
    classes: [],
    ranking: [],
    embeddingWidth: 1,
    jointEmbedding: false,
    parameters: Object.entries(parameters).map(([name, own]) => ({
      name,
      shape: own,
      initialisation: name.endsWith('variance') ? 'ones' : 'normal',
      fan_in: 1,
      trainable: !/mean|variance/.test(name),
    })),
    forward: (g) => ({
      heads: forward(g, g.input('x')),
      weights: g.input('presence'),
      routing: null,
      classes: null,
      ranking: null,
      embeddings: [],
    }),
  };
}

/** Both executors on a batch of 5, the third window absent. */
function bothOf(model: BoundModel) {
  const { uniform } = new Random(11);
  const [rows, size] = [5, sizeOf(inputShape(model.inputs[0]))];
  const presence = Float32Array.from({ length: rows }, (_, row) => (row === 2 ? 0 : 1));
  const values = Float32Array.from({ length: rows * size }, () => 4 * uniform() - 2);
  const batch = { size: rows, presence, inputs: new Map([['x', values]]) };
  const parameters = initialParameters(model.parameters, 3);
  return [new TfjsDifferentiable(tf, model), differentiable(tf, model)].map((network) =>
    differentiateAll(tf, model, network, batch, parameters),
  );
}

function expectAgreement(model: BoundModel): void {
  const [expected, found] = bothOf(model);
  expect(Math.abs(found.loss - expected.loss)).toBeLessThan(2e-5 * Math.max(1, Math.abs(expected.loss)));
  expect([...found.gradients.keys()]).toEqual([...expected.gradients.keys()]);
  for (const [name, gradient] of expected.gradients) {
    // A gradient of nothing would agree with anything that is nothing.
    expect(Math.max(...gradient.map(Math.abs)), name).toBeGreaterThan(0);
    expect(difference(found.gradients.get(name)!, gradient), name).toBeLessThan(1e-4);
  }
  expect([...found.statistics]).toHaveLength(expected.statistics.size);
}

/** [B, 7] through a layer of `width`, so that what follows has a gradient. */
const layer = (width: number) => ({ 'l.weight': [7, width], 'l.bias': [width] });

const cases: Readonly<Record<string, [Readonly<Record<string, readonly number[]>>, Forward]>> = {
  linear: [layer(5), (g, x) => g.linear(x, 'l')],
  'a product': [{ w: [7, 9] }, (g, x) => g.product(x, 'w')],
  'a transposed product': [
    { ...layer(6), w: [9, 6] },
    (g, x) => g.product(g.linear(x, 'l'), 'w', { transposed: true }),
  ],
  'a product of a product': [{ w: [7, 11], v: [11, 3] }, (g, x) => g.product(g.product(x, 'w'), 'v')],
  relu: [layer(5), (g, x) => g.activate(g.linear(x, 'l'), 'relu')],
  gelu: [layer(5), (g, x) => g.activate(g.linear(x, 'l'), 'gelu')],
  elu: [layer(5), (g, x) => g.activate(g.linear(x, 'l'), 'elu')],
  sigmoid: [layer(5), (g, x) => g.activate(g.linear(x, 'l'), 'sigmoid')],
  tanh: [layer(5), (g, x) => g.activate(g.scale(g.linear(x, 'l'), 0.3), 'tanh')],
  'a value with many uses': [
    layer(6),
    (g, x) => {
      const y = g.linear(x, 'l');
      const parts = g.concat([g.slice(y, 1, 0, 2), g.column(y, 3), g.slice(y, 1, 4, 6)], 1);
      return g.concat([g.multiply(y, y), g.add(y, g.scale(y, 2, 1)), g.activate(y, 'gelu'), parts], 1);
    },
  ],
  'factors for each row': [
    layer(6),
    (g, x) => {
      const y = g.linear(x, 'l');
      const factors = g.softmax(g.slice(y, 1, 0, 2));
      return g.reshape(g.multiply(g.reshape(factors, [2, 1]), g.reshape(y, [2, 3])), [6]);
    },
  ],
  broadcasting: [
    { ...layer(6), row: [6], matrix: [2, 3] },
    (g, x) => {
      const y = g.multiply(g.add(g.linear(x, 'l'), g.parameter('row')), g.parameter('row'));
      const z = g.add(g.reshape(y, [2, 3]), g.parameter('matrix'));
      return g.reshape(
        g.multiply(g.multiply(z, g.reshape(g.column(y, 0), [1, 1])), g.parameter('matrix')),
        [6],
      );
    },
  ],
  softmax: [layer(5), (g, x) => g.softmax(g.scale(g.linear(x, 'l'), 3))],
  hardmax: [layer(5), (g, x) => g.multiply(g.hardmax(g.linear(x, 'l')), g.softmax(g.linear(x, 'l')))],
  'a sum over the last axis': [layer(12), (g, x) => g.sum(g.reshape(g.linear(x, 'l'), [3, 4]), 2)],
  'a sum over a middle axis': [layer(12), (g, x) => g.sum(g.reshape(g.linear(x, 'l'), [3, 4]), 1)],
  'means and a sum of one value': [
    layer(30),
    (g, x) => {
      const y = g.reshape(g.linear(x, 'l'), [2, 3, 5]);
      const means = [
        g.reshape(g.mean(y, 3), [6]),
        g.reshape(g.mean(y, 1), [15]),
        g.reshape(g.sum(y, 2), [10]),
      ];
      return g.concat(means, 1);
    },
  ],
  'largest values': [
    layer(12),
    (g, x) => {
      const y = g.reshape(g.linear(x, 'l'), [3, 4]);
      return g.concat([g.max(y, 1), g.max(y, 2)], 1);
    },
  ],
  'a plain transpose, used twice': [
    layer(15),
    (g, x) => {
      const y = g.reshape(g.linear(x, 'l'), [3, 5]);
      const turned = g.reshape(g.transpose(y, [0, 2, 1]), [15]);
      return g.concat(
        [turned, g.scale(g.reshape(y, [15]), 2), g.reshape(g.transpose(y, [0, 2, 1]), [15])],
        1,
      );
    },
  ],
  'a transpose of three axes': [
    layer(24),
    (g, x) => g.reshape(g.transpose(g.reshape(g.linear(x, 'l'), [2, 3, 4]), [0, 3, 1, 2]), [24]),
  ],
  'a concatenation in the middle': [
    { ...layer(6), 'm.weight': [7, 9], 'm.bias': [9] },
    (g, x) => {
      const [a, b] = [g.reshape(g.linear(x, 'l'), [2, 3]), g.reshape(g.linear(x, 'm'), [3, 3])];
      return g.reshape(g.concat([a, b, a], 1), [21]);
    },
  ],
};

describe('WasmGraph differentiates as tfjs does', () => {
  for (const [name, [parameters, forward]] of Object.entries(cases))
    it(name, () => expectAgreement(modelOf([7], parameters, forward)));

  it.each<[string, Partial<Convolution>]>([
    ['stride 1', { outputs: 6, taps: 5, stride: 1, padding: [2, 2] }],
    ['stride 2', { outputs: 5, taps: 7, stride: 2, padding: [3, 3] }],
    ['stride 2, an odd length', { outputs: 5, length: 23, taps: 7, stride: 2, padding: [3, 3] }],
    ['stride 3', { outputs: 4, taps: 4, stride: 3, padding: [0, 1] }],
    ['one tap', { outputs: 5, taps: 1, stride: 1, padding: [0, 0] }],
    ['depthwise', { depthwise: true, outputs: 3, taps: 8, stride: 1, padding: [3, 4] }],
    ['depthwise, uneven padding', { depthwise: true, outputs: 3, taps: 5, stride: 1, padding: [0, 3] }],
    ['depthwise, stride 2', { depthwise: true, outputs: 3, taps: 6, stride: 2, padding: [2, 3] }],
  ])('a convolution: %s', (_, given) => {
    const o = { channels: 3, length: 24, depthwise: false, ...given } as Convolution;
    const kernel = o.depthwise ? [o.channels, 1, o.taps] : [o.outputs, o.channels, o.taps];
    const parameters = { mix: [3, 3], kernel };
    expectAgreement(
      modelOf([3, o.length], parameters, (g, x) => {
        // Through a product first, so that the convolution's input has a gradient; and used twice.
        const byTime = g.product(g.reshape(g.transpose(x, [0, 2, 1]), [3]), 'mix');
        const y = g.transpose(g.reshape(byTime, [o.length, 3]), [0, 2, 1]);
        const convolved = g.reshape(g.convolve(y, 'kernel', o), [o.outputs * convolvedLength(o)]);
        return g.concat([convolved, g.reshape(y, [3 * o.length])], 1);
      }),
    );
  });

  it('batch normalisation, absent rows left out of its statistics', () => {
    const parameters = { mix: [3, 3], 'n.scale': [3], 'n.shift': [3], 'n.mean': [3], 'n.variance': [3] };
    const model = modelOf([3, 10], parameters, (g, x) => {
      const byTime = g.product(g.reshape(g.transpose(x, [0, 2, 1]), [3]), 'mix');
      const y = g.transpose(g.reshape(byTime, [10, 3]), [0, 2, 1]);
      return g.reshape(g.activate(g.batchNorm(y, 'n', g.column(g.input('presence'), 0)), 'elu'), [30]);
    });
    expectAgreement(model);
    const [expected, found] = bothOf(model);
    expect(difference(found.statistics.get('n')!, expected.statistics.get('n')!)).toBeLessThan(1e-5);
  });
});

describe('dropout', () => {
  it('leaves out about as many as asked, other ones each time, and no gradient passes them', () => {
    const model = modelOf([1000], { row: [1000] }, (g, x) =>
      g.dropout(g.multiply(g.scale(x, 0, 1), g.parameter('row')), 0.3),
    );
    const [, first] = bothOf(model);
    const kept = [...first.gradients.get('row')!].filter((g) => g !== 0).length;
    // Each of 5 rows keeps 70 %: 0.3^5 of the columns are left out of all of them.
    expect(kept).toBeGreaterThan(980);
    expect(kept).toBeLessThan(1000);
    expect(bothOf(model)[1]).toEqual(first);
  });
});
