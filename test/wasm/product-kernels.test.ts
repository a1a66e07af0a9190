import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { multiplyMatrices } from '../../src/model/engines/wasm/products.js';
import { Tape } from '../../src/model/engines/wasm/tape.js';
import { Workspace } from '../../src/model/engines/wasm/workspace.js';

/** C and what it should be, with values that 32 bits hold exactly: sums have no rounding to argue about. */
function multiplied(m: number, n: number, k: number, transposed: 'a' | 'b' | 'none', adding: boolean) {
  const workspace = new Workspace();
  const tape = new Tape(workspace);
  const [a, b, c] = [m * k, k * n, m * n].map((size) => ({ address: workspace.take(size).address, size }));
  multiplyMatrices(tape, {
    a: { address: a.address, transposed: transposed === 'a' },
    b: { address: b.address, transposed: transposed === 'b' },
    c: { address: c.address, adding },
    size: [m, n, k],
  });
  workspace.open();
  const { uniform } = new Random(m * 10_007 + n * 101 + k);
  const [va, vb, vc] = [a, b, c].map(({ address, size }) => workspace.view(address, size));
  for (const values of [va, vb, vc])
    for (let i = 0; i < values.length; i++) values[i] = Math.floor(17 * uniform()) - 8;
  const before = vc.slice();
  for (const { run } of tape.forward) run();
  const expected = Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = adding ? before[at] : 0;
    for (let p = 0; p < k; p++)
      sum += va[transposed === 'a' ? p * m + i : i * k + p] * vb[transposed === 'b' ? j * k + p : p * n + j];
    return sum;
  });
  return { found: [...vc], expected };
}

describe('multiplyMatrices', () => {
  it('multiplies matrices of any size, transposed or not, written or added', () => {
    const size = fc.integer({ min: 1, max: 41 });
    fc.assert(
      fc.property(
        size,
        size,
        fc.oneof(size, fc.integer({ min: 500, max: 1100 })),
        fc.constantFrom('a', 'b', 'none'),
        fc.boolean(),
        (m, n, k, transposed, adding) => {
          const { found, expected } = multiplied(m, n, k, transposed, adding);
          expect(found).toEqual(expected);
        },
      ),
      { numRuns: 150, seed: 1 },
    );
  });
});
