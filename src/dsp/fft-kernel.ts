import { type Code, FunctionBuilder, f64x2, get, i32, moduleOf, repeat } from './wasm-code.js';

/** Bytes of a complex value of two channels: real parts of both, imaginary parts of both. */
export const PAIR_BYTES = 32;
const IMAGINARY = 16;
/** Bytes of a twiddle: cosine and sine. */
export const TWIDDLE_BYTES = 16;
const SINE = 8;

/** Adds up, subtracts and scales values that lie in locals; each result gets a local of its own. */
class Arithmetic {
  constructor(readonly f: FunctionBuilder) {}
  plus = (a: number, b: number): number => this.f.v128(f64x2.add(get(a), get(b)));
  minus = (a: number, b: number): number => this.f.v128(f64x2.subtract(get(a), get(b)));
  times = (a: number, b: number): number => this.f.v128(f64x2.multiply(get(a), get(b)));
}

type Complex = readonly [re: number, im: number];

/**
 * A pass of {@link RealFftPair}: parameters are the addresses of input, output and twiddles, then the number of butterflies
 * and the stride. `butterfly` turns [radix] inputs into [radix] outputs, not yet multiplied by their twiddles.
 */
function pass(
  radix: number,
  butterfly: (a: Arithmetic, x: readonly Complex[]) => readonly Complex[],
): FunctionBuilder {
  const f = new FunctionBuilder(`pass${radix}`, 5);
  const [x, y, t, count, stride] = [0, 1, 2, 3, 4];
  const a = new Arithmetic(f);
  const near = f.i32(i32.multiply(get(stride), i32.constant(PAIR_BYTES)));
  const far = f.i32(i32.multiply(get(near), get(count)));
  const advance = (local: number, by: Code) => {
    f.push(i32.add(get(local), by), [0x21, local]);
  };
  const perButterfly = f.capture(() => {
    const twiddles = Array.from(
      { length: radix - 1 },
      (_, k): Complex => [
        f.v128(f64x2.loadSplat(get(t), k * TWIDDLE_BYTES)),
        f.v128(f64x2.loadSplat(get(t), k * TWIDDLE_BYTES + SINE)),
      ],
    );
    const left = f.i32(get(stride));
    const perTransform = f.capture(() => {
      let from = x;
      const inputs = Array.from({ length: radix }, (_, k): Complex => {
        if (k > 0) from = f.i32(i32.add(get(from), get(far)));
        return [f.v128(f64x2.load(get(from))), f.v128(f64x2.load(get(from), IMAGINARY))];
      });
      let to = y;
      for (const [k, [re, im]] of butterfly(a, inputs).entries()) {
        if (k > 0) to = f.i32(i32.add(get(to), get(near)));
        const [c, s] = k > 0 ? twiddles[k - 1] : [];
        const turned: Complex =
          c === undefined || s === undefined
            ? [re, im]
            : [a.minus(a.times(re, c), a.times(im, s)), a.plus(a.times(re, s), a.times(im, c))];
        f.push(f64x2.store(get(to), get(turned[0])), f64x2.store(get(to), get(turned[1]), IMAGINARY));
      }
      advance(x, i32.constant(PAIR_BYTES));
      advance(y, i32.constant(PAIR_BYTES));
    });
    f.push(repeat(left, perTransform));
    advance(y, i32.multiply(get(near), i32.constant(radix - 1)));
    advance(t, i32.constant((radix - 1) * TWIDDLE_BYTES));
  });
  f.push(repeat(count, perButterfly));
  return f;
}

const add = (a: Arithmetic, p: Complex, q: Complex): Complex => [a.plus(p[0], q[0]), a.plus(p[1], q[1])];
const subtract = (a: Arithmetic, p: Complex, q: Complex): Complex => [
  a.minus(p[0], q[0]),
  a.minus(p[1], q[1]),
];
/** p - i q and p + i q. */
const quarterBack = (a: Arithmetic, p: Complex, q: Complex): Complex => [
  a.plus(p[0], q[1]),
  a.minus(p[1], q[0]),
];
const quarterOn = (a: Arithmetic, p: Complex, q: Complex): Complex => [
  a.minus(p[0], q[1]),
  a.plus(p[1], q[0]),
];

function butterfly2(a: Arithmetic, [p, q]: readonly Complex[]): Complex[] {
  return [add(a, p, q), subtract(a, p, q)];
}

function butterfly4(a: Arithmetic, [x0, x1, x2, x3]: readonly Complex[]): Complex[] {
  const [s0, d0] = butterfly2(a, [x0, x2]);
  const [s1, d1] = butterfly2(a, [x1, x3]);
  return [add(a, s0, s1), quarterBack(a, d0, d1), subtract(a, s0, s1), quarterOn(a, d0, d1)];
}

function butterfly8(a: Arithmetic, x: readonly Complex[]): Complex[] {
  const halves = [0, 1, 2, 3].map((k) => butterfly2(a, [x[k], x[k + 4]]));
  const even = butterfly4(
    a,
    halves.map(([sum]) => sum),
  );
  const [d0, d1, d2, d3] = halves.map(([, difference]) => difference);
  const root = a.f.v128(f64x2.constant(Math.SQRT1_2));
  // d1 and d3 turned back by an eighth: times (1 - i) / sqrt 2.
  const eighth = ([re, im]: Complex): Complex => [
    a.times(a.plus(re, im), root),
    a.times(a.minus(im, re), root),
  ];
  const [u1, u3] = [eighth(d1), eighth(d3)];
  const [g0, h0] = [quarterBack(a, d0, d2), quarterOn(a, d0, d2)];
  // d3 needs three eighths: one more quarter than u3.
  const [g1, h1] = [quarterBack(a, u1, u3), quarterOn(a, u1, u3)];
  return [
    even[0],
    add(a, g0, g1),
    even[1],
    quarterBack(a, h0, h1),
    even[2],
    subtract(a, g0, g1),
    even[3],
    quarterOn(a, h0, h1),
  ];
}

/**
 * Sum of |2 X_k|^2 of both channels over `count` bins: parameters are the addresses of the complex transform's values at
 * k and half - k, of cosine and sine at k, the number of bins, and where the two sums go.
 */
function power(): FunctionBuilder {
  const f = new FunctionBuilder('power', 5);
  const [i, j, t, count, out] = [0, 1, 2, 3, 4];
  const a = new Arithmetic(f);
  const sum = f.v128(f64x2.constant(0));
  const step = (local: number, by: number, down = false) => {
    f.push((down ? i32.subtract : i32.add)(get(local), i32.constant(by)), [0x21, local]);
  };
  f.push(
    repeat(
      count,
      f.capture(() => {
        const load = (address: number): Complex => [
          f.v128(f64x2.load(get(address))),
          f.v128(f64x2.load(get(address), IMAGINARY)),
        ];
        const [p, q] = [load(i), load(j)];
        const [c, s] = [f.v128(f64x2.loadSplat(get(t))), f.v128(f64x2.loadSplat(get(t), SINE))];
        // Even samples' transform E and odd samples' transform O, each doubled: 2 X = E + exp(-2 pi i k / size) O.
        const [evenRe, evenIm] = [a.plus(p[0], q[0]), a.minus(p[1], q[1])];
        const [oddRe, oddIm] = [a.plus(p[1], q[1]), a.minus(q[0], p[0])];
        const re = a.plus(evenRe, a.plus(a.times(c, oddRe), a.times(s, oddIm)));
        const im = a.plus(evenIm, a.minus(a.times(c, oddIm), a.times(s, oddRe)));
        const square = a.plus(a.times(re, re), a.times(im, im));
        f.push(f64x2.add(get(sum), get(square)), [0x21, sum]);
        step(i, PAIR_BYTES);
        step(j, PAIR_BYTES, true);
        step(t, TWIDDLE_BYTES);
      }),
    ),
    f64x2.store(get(out), get(sum)),
  );
  return f;
}

type Pass = (x: number, y: number, twiddles: number, count: number, stride: number) => void;

/** The kernels, at work on one memory. */
export interface FftKernel {
  readonly pass2: Pass;
  readonly pass4: Pass;
  readonly pass8: Pass;
  power(i: number, j: number, table: number, count: number, out: number): void;
}

/**
 * The kernels' code, compiled for `runtime`; null where it has no WebAssembly, no 128-bit vectors, or lets no code be
 * compiled or run.
 */
export function compileFftKernel(
  runtime: typeof WebAssembly | null = globalThis.WebAssembly ?? null,
): WebAssembly.Module | null {
  const code = moduleOf([pass(2, butterfly2), pass(4, butterfly4), pass(8, butterfly8), power()]);
  if (!runtime?.validate(code)) return null;
  try {
    const compiled = new runtime.Module(code);
    new runtime.Instance(compiled, { env: { memory: new runtime.Memory({ initial: 1 }) } });
    return compiled;
  } catch {
    return null;
  }
}

export function fftKernelOn(compiled: WebAssembly.Module, memory: WebAssembly.Memory): FftKernel {
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as FftKernel;
}
