import { describe, expect, it } from 'vitest';
import { activations } from '../../../src/engines/wasm/elementwise-kernels.js';
import { Workspace } from '../../../src/engines/wasm/workspace.js';

/** erf by its Taylor series, which double precision carries to |x| = 4; beyond that it is 1 within 2e-8. */
function erf(x: number): number {
  if (Math.abs(x) > 4) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; n < 120; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const exact: Record<keyof typeof activations, (x: number) => number> = {
  relu: (x) => Math.max(0, x),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  gelu: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
};

describe('the activations', () => {
  const count = 4000;
  const x = Float32Array.from({ length: count }, (_, i) => ((i - count / 2) / count) * 40);

  for (const [name, of] of Object.entries(exact))
    it(`${name} is right to single precision, and so is its derivative`, () => {
      const workspace = new Workspace();
      const [from, to, dy, dx] = [0, 1, 2, 3].map(() => workspace.take(count).address);
      workspace.open();
      workspace.view(from, count).set(x);
      workspace.fill(dy, count, 1);
      workspace.kernels[name](from, to, count / 4);
      const known = activations[name as keyof typeof activations].from === 'input' ? from : to;
      workspace.kernels[`${name}Gradient`](known, dy, dx, count / 4);
      const [y, slope] = [workspace.view(to, count), workspace.view(dx, count)];
      for (let i = 0; i < count; i++) {
        expect(Math.abs(y[i] - of(x[i])) / Math.max(1, Math.abs(x[i])), `${name}(${x[i]})`).toBeLessThan(
          3e-7,
        );
        if (x[i] === 0) continue;
        const difference = (of(x[i] + 1e-5) - of(x[i] - 1e-5)) / 2e-5;
        if (Math.abs(x[i]) > 1e-4)
          expect(Math.abs(slope[i] - difference), `${name}'(${x[i]})`).toBeLessThan(2e-6);
      }
    });
});
