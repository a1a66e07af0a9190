import { type Code, FunctionBuilder, f32x4, get, i32, set } from './wasm-code.js';

const VECTOR_BYTES = 16;

/** Arithmetic on vectors whose results get locals of their own. */
class VectorArithmetic {
  constructor(readonly f: FunctionBuilder) {}
  value = (code: Code): number => this.f.v128(code);
  constant = (x: number): number => this.f.v128(f32x4.constant(x));
  plus = (a: number, b: number): number => this.f.v128(f32x4.add(get(a), get(b)));
  minus = (a: number, b: number): number => this.f.v128(f32x4.subtract(get(a), get(b)));
  times = (a: number, b: number): number => this.f.v128(f32x4.multiply(get(a), get(b)));
  over = (a: number, b: number): number => this.f.v128(f32x4.divide(get(a), get(b)));
  /** a x + b. */
  fused = (a: number, x: number, b: number): number => this.plus(this.times(a, x), b);
  /** `a` where `test` > 0, else `b`. */
  wherePositive = (test: number, a: number, b: number): number =>
    this.f.v128(f32x4.select(get(a), get(b), f32x4.greaterThan(get(test), f32x4.constant(0))));
  /** Horner's scheme, highest power first. */
  polynomial = (x: number, coefficients: readonly number[]): number =>
    coefficients
      .slice(1)
      .reduce((sum, c) => this.fused(sum, x, this.constant(c)), this.constant(coefficients[0]));

  /** exp within 2 units in the last place (Cephes expf: S. L. Moshier 1992). */
  exp = (x: number): number => {
    const { f } = this;
    const limited = f.v128(f32x4.maximum(f32x4.minimum(get(x), f32x4.constant(88)), f32x4.constant(-87)));
    const n = f.v128(f32x4.nearest(f32x4.multiply(get(limited), f32x4.constant(Math.LOG2E))));
    const high = this.minus(limited, this.times(n, this.constant(0.693359375)));
    const r = this.minus(high, this.times(n, this.constant(-2.1219444e-4)));
    const p = this.polynomial(
      r,
      [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1],
    );
    const sum = this.plus(this.fused(p, this.times(r, r), r), this.constant(1));
    return f.v128(f32x4.multiply(get(sum), f32x4.powerOfTwo(get(n))));
  };
}

type Body = (a: VectorArithmetic, inputs: readonly number[]) => number;

/**
 * A function of `inputs` arrays, element by element: parameters are the addresses of the inputs and of the output, then
 * the number of vectors of four. `adding`: what it gives is added to the output.
 */
function elementwise(name: string, inputs: number, body: Body, adding = false): FunctionBuilder {
  const f = new FunctionBuilder(adding ? `${name}Adding` : name, inputs + 2);
  const out = inputs;
  f.loop(get(inputs + 1), () => {
    const values = Array.from({ length: inputs }, (_, i) => f.v128(f32x4.load(get(i))));
    const result = body(new VectorArithmetic(f), values);
    const total = adding ? f.v128(f32x4.add(f32x4.load(get(out)), get(result))) : result;
    f.push(f32x4.store(get(out), get(total)));
    for (let i = 0; i <= out; i++) f.advance(i, i32.constant(VECTOR_BYTES));
  });
  return f;
}

/** Standard normal distribution at x, and exp(-x^2 / 2): erf after Abramowitz & Stegun 7.1.26, absolute error 1.5e-7. */
function normal(a: VectorArithmetic, x: number): { distribution: number; bell: number } {
  const z = a.value(f32x4.multiply(f32x4.absolute(get(x)), f32x4.constant(Math.SQRT1_2)));
  const bell = a.exp(a.value(f32x4.negate(get(a.times(z, z)))));
  const t = a.over(a.constant(1), a.fused(a.constant(0.3275911), z, a.constant(1)));
  const p = a.polynomial(t, [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592, 0]);
  const tail = a.times(a.times(p, bell), a.constant(0.5));
  return { distribution: a.wherePositive(x, a.minus(a.constant(1), tail), tail), bell };
}

const sigmoid = (a: VectorArithmetic, x: number): number => {
  const e = a.exp(a.value(f32x4.negate(get(x))));
  return a.over(a.constant(1), a.plus(e, a.constant(1)));
};

/** Each activation, and its derivative times dy; the derivative takes (y or x, dy). */
export const activations = {
  relu: {
    forward: (a, [x]) => a.value(f32x4.maximum(get(x), f32x4.constant(0))),
    from: 'output',
    backward: (a, [y, dy]) => a.wherePositive(y, dy, a.constant(0)),
  },
  elu: {
    forward: (a, [x]) => a.wherePositive(x, x, a.minus(a.exp(x), a.constant(1))),
    from: 'output',
    backward: (a, [y, dy]) => a.wherePositive(y, dy, a.times(dy, a.plus(y, a.constant(1)))),
  },
  gelu: {
    forward: (a, [x]) => a.times(x, normal(a, x).distribution),
    from: 'input',
    backward: (a, [x, dy]) => {
      const { distribution, bell } = normal(a, x);
      const density = a.times(bell, a.constant(1 / Math.sqrt(2 * Math.PI)));
      return a.times(dy, a.fused(x, density, distribution));
    },
  },
  sigmoid: {
    forward: (a, [x]) => sigmoid(a, x),
    from: 'output',
    backward: (a, [y, dy]) => a.times(dy, a.times(y, a.minus(a.constant(1), y))),
  },
  tanh: {
    forward: (a, [x]) => {
      // The series near 0, where 2 sigmoid(2x) - 1 would lose all its digits (Cephes tanhf).
      const square = a.times(x, x);
      const series = a.polynomial(
        square,
        [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1, 0],
      );
      const near = a.fused(series, x, x);
      const twice = a.plus(x, x);
      const far = a.minus(a.times(sigmoid(a, twice), a.constant(2)), a.constant(1));
      return a.wherePositive(a.minus(square, a.constant(0.390625)), far, near);
    },
    from: 'output',
    backward: (a, [y, dy]) => a.times(dy, a.minus(a.constant(1), a.times(y, y))),
  },
} satisfies Readonly<Record<string, { forward: Body; backward: Body; from: 'input' | 'output' }>>;

/** Adam's step, as `Adam` in src/learn/fit/adam.ts: addresses of values, gradient, both moments, seven scalars; then vectors. */
function adam(): FunctionBuilder {
  const f = new FunctionBuilder('adam', 6);
  const [values, gradient, first, second, scalars, count] = [0, 1, 2, 3, 4, 5];
  const [beta1, rest1, beta2, rest2, rate, floor, kept] = Array.from({ length: 7 }, (_, i) =>
    f.v128(f32x4.loadSplat(get(scalars), 4 * i)),
  );
  f.loop(get(count), () => {
    const a = new VectorArithmetic(f);
    const load = (address: number): number => f.v128(f32x4.load(get(address)));
    const g = load(gradient);
    const m = a.plus(a.times(beta1, load(first)), a.times(rest1, g));
    const v = a.plus(a.times(beta2, load(second)), a.times(a.times(rest2, g), g));
    const root = f.v128(f32x4.squareRoot(get(v)));
    const step = a.over(a.times(rate, m), a.plus(root, floor));
    f.push(
      f32x4.store(get(first), get(m)),
      f32x4.store(get(second), get(v)),
      f32x4.store(get(values), get(a.minus(a.times(load(values), kept), step))),
    );
    for (const address of [values, gradient, first, second]) f.advance(address, i32.constant(VECTOR_BYTES));
  });
  return f;
}

/** y = x * scalars[0] + scalars[1]: addresses of x, y and scalars; then vectors. */
function affine(adding: boolean): FunctionBuilder {
  const f = new FunctionBuilder(adding ? 'affineAdding' : 'affine', 4);
  const [x, y, scalars, count] = [0, 1, 2, 3];
  const factor = f.v128(f32x4.loadSplat(get(scalars)));
  const offset = f.v128(f32x4.loadSplat(get(scalars), 4));
  f.loop(get(count), () => {
    const value = f.v128(f32x4.add(f32x4.multiply(f32x4.load(get(x)), get(factor)), get(offset)));
    if (adding) f.push(set(value, f32x4.add(get(value), f32x4.load(get(y)))));
    f.push(f32x4.store(get(y), get(value)));
    for (const address of [x, y]) f.advance(address, i32.constant(VECTOR_BYTES));
  });
  return f;
}

export function elementwiseKernels(): FunctionBuilder[] {
  const both = (name: string, inputs: number, body: Body): FunctionBuilder[] => [
    elementwise(name, inputs, body),
    elementwise(name, inputs, body, true),
  ];
  return [
    ...both('copy', 1, (_, [x]) => x),
    ...both('sum', 2, (a, [x, y]) => a.plus(x, y)),
    ...both('multiply', 2, (a, [x, y]) => a.times(x, y)),
    ...Object.entries(activations).flatMap(([name, { forward, backward }]) => [
      elementwise(name, 1, forward),
      ...both(`${name}Gradient`, 2, backward),
    ]),
    affine(false),
    affine(true),
    adam(),
  ];
}
