import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ranking, rankOf } from '../../../src/learn/losses/ranking.js';
import type { Tfjs } from '../../../src/model/engines/tfjs-graph.js';
import { loadTfjsWasm } from '../../../src/model/engines/tfjs-wasm.js';
import { expectLoss, losses } from './loss-reference.js';
import { objectiveContext } from './objective-context.js';

let tf: Tfjs;
beforeAll(async () => {
  tf = await loadTfjsWasm();
});

describe.each(['plain', 'balanced'] as const)('ranking, %s', (name) => {
  it("and its gradient equal torch's linear layer on every pair", () => {
    const { label, person, trial, tolerance } = losses.ranking;
    const reference = losses[`ranking_${name}`];
    const { f, weight, bias } = reference;
    reference.gradients.bias = [reference.gradients.bias];
    expectLoss(tf, reference, [f, weight, [bias]], (x, w, b) => {
      const [first, second] = tf.split(w, 2);
      const parts = [
        tf.add(tf.matMul(x as never, first as never), b),
        tf.matMul(x as never, second as never),
      ];
      return ranking.loss(
        ranking.settings.parse({ weight: 1, tolerance, balanced: name === 'balanced' }),
        objectiveContext(tf, {
          values: { ranking: tf.concat(parts, 1) },
          labels: label.map((valence: number) => ({ targets: { valence } })),
          origins: person.map((p: string, i: number) => ({ person: p, trial: trial[i] })),
          model: { ranking: ['valence'] },
        }),
      );
    });
  });
});

describe('rankOf', () => {
  it('turns round when the pair does', () => {
    const value = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(value, value, fc.double({ min: 0, max: 0.5, noNaN: true }), (a, b, tolerance) => {
        expect(rankOf(a, b, tolerance) + rankOf(b, a, tolerance)).toBe(2);
      }),
    );
  });

  it('calls similar what is no further apart than the tolerance', () => {
    expect([rankOf(0.5, 0.25, 0.25), rankOf(0.51, 0.25, 0.25), rankOf(0.25, 0.51, 0.25)]).toEqual([1, 0, 2]);
  });
});
