import { Matrix } from 'ml-matrix';
import { beforeAll, expect, it } from 'vitest';
import {
  canonicalCorrelation,
  correlationOf,
  totalCorrelation,
} from '../../../src/learn/losses/canonical-correlation.js';
import type { Tfjs } from '../../../src/model/engines/tfjs-graph.js';
import { loadTfjsWasm } from '../../../src/model/engines/tfjs-wasm.js';
import { expectLoss, expectNear, losses } from './loss-reference.js';
import { objectiveContext } from './objective-context.js';

let tf: Tfjs;
beforeAll(async () => {
  tf = await loadTfjsWasm();
});

it('and its gradient equal torch', () => {
  const { a, b, loss, gradients } = losses.canonical_correlation;
  const found = totalCorrelation(new Matrix(a), new Matrix(b), 1e-3);
  expectNear([found.correlation], [loss], 1e-9);
  expectNear(found.gradients[0].to1DArray(), gradients.a.flat(), 1e-6);
  expectNear(found.gradients[1].to1DArray(), gradients.b.flat(), 1e-6);
  expectLoss(tf, losses.canonical_correlation, [a, b], (x, y) => correlationOf(tf, x, y, 1e-3));
});

it('does not look at windows that lack one of the two', () => {
  const { a, b } = losses.canonical_correlation;
  const of = (more: number[][]): number => {
    const views = [a, b].map((x: number[][]) =>
      tf.tensor2d([...x, ...more.map((row) => row.slice(0, x[0].length))]),
    );
    const rows = a.length + more.length;
    const presence = Array.from({ length: rows }, (_, i) => [1, Number(i < a.length)]);
    const context = objectiveContext(tf, {
      values: { embeddings: views },
      labels: Array(rows).fill({}),
      inputs: new Map([['presence', tf.tensor2d(presence)]]),
    });
    return canonicalCorrelation.loss({ weight: 1, ridge: 1e-3 }, context).dataSync()[0];
  };
  expect(of([[9, 9, 9, 9]])).toBeCloseTo(of([]), 5);
});
