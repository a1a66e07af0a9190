import { describe, expect, it } from 'vitest';
import { Workspace } from '../../src/model/engines/wasm/workspace.js';
import { activations } from '../../src/wasm/elementwise-kernels.js';

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

const distribution = (x: number): number => (1 + erf(x / Math.SQRT2)) / 2;
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Each function and its derivative. */
const exact: Record<keyof typeof activations, readonly [(x: number) => number, (x: number) => number]> = {
  relu: [(x) => Math.max(0, x), (x) => Number(x > 0)],
  elu: [(x) => (x > 0 ? x : Math.expm1(x)), (x) => Math.exp(Math.min(0, x))],
  gelu: [
    (x) => x * distribution(x),
    (x) => distribution(x) + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI),
  ],
  sigmoid: [sigmoid, (x) => sigmoid(x) * sigmoid(-x)],
  tanh: [Math.tanh, (x) => 1 / Math.cosh(x) / Math.cosh(x)],
};

describe('the activations', () => {
  const count = 4000;
  const x = Float32Array.from({ length: count }, (_, i) => ((i - count / 2) / count) * 40);

  for (const [name, [of, derivative]] of Object.entries(exact))
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
        expect(Math.abs(slope[i] - derivative(x[i])), `${name}'(${x[i]})`).toBeLessThan(1e-6);
      }
    });
});
