import { type Code, FunctionBuilder, f64x2, get, i32, moduleOf, repeat } from './wasm-code.js';

/** Bytes of a complex value of two channels: real parts of both, imaginary parts of both. */
export const PAIR_BYTES = 32;
const IMAGINARY = 16;
/** Bytes of a twiddle: cosine and sine. */
export const TWIDDLE_BYTES = 16;
const SINE = 8;
/** Two samples of a row: real and imaginary part. */
const COMPLEX_BYTES = 16;

/** Adds up, subtracts and scales values that lie in locals; each result gets a local of its own. */
class Arithmetic {
  constructor(readonly f: FunctionBuilder) {}
  plus = (a: number, b: number): number => this.f.v128(f64x2.add(get(a), get(b)));
  minus = (a: number, b: number): number => this.f.v128(f64x2.subtract(get(a), get(b)));
  times = (a: number, b: number): number => this.f.v128(f64x2.multiply(get(a), get(b)));
}

type Complex = readonly [re: number, im: number];

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

type Store = (k: number, value: Complex) => void;

/**
 * Turns a radix's inputs into as many outputs, not yet multiplied by their twiddles. `load` gives input k, null where it is
 * zero (the second half alone may be). Each output is stored as soon as it is there: the processor has 16 vector registers.
 */
type Butterfly = (a: Arithmetic, load: (k: number) => Complex | null, store: Store) => void;

function sumAndDifference(a: Arithmetic, p: Complex | null, q: Complex | null): [Complex, Complex] {
  if (!p) throw new Error('only inputs of the second half may be zero');
  return q ? [add(a, p, q), subtract(a, p, q)] : [p, p];
}

const butterfly2: Butterfly = (a, load, store) => {
  for (const [k, value] of sumAndDifference(a, load(0), load(1)).entries()) store(k, value);
};

const butterfly4: Butterfly = (a, load, store) => {
  const [s0, d0] = sumAndDifference(a, load(0), load(2));
  const [s1, d1] = sumAndDifference(a, load(1), load(3));
  store(0, add(a, s0, s1));
  store(2, subtract(a, s0, s1));
  store(1, quarterBack(a, d0, d1));
  store(3, quarterOn(a, d0, d1));
};

const butterfly8: Butterfly = (a, load, store) => {
  const halves = [0, 1, 2, 3].map((k) => sumAndDifference(a, load(k), load(k + 4)));
  butterfly4(
    a,
    (k) => halves[k][0],
    (k, value) => store(2 * k, value),
  );
  const [d0, d1, d2, d3] = halves.map(([, difference]) => difference);
  const root = a.f.v128(f64x2.constant(Math.SQRT1_2));
  // d1 and d3 turned back by an eighth: times (1 - i) / sqrt 2.
  const eighth = ([re, im]: Complex): Complex => [
    a.times(a.plus(re, im), root),
    a.times(a.minus(im, re), root),
  ];
  const [u1, u3] = [eighth(d1), eighth(d3)];
  const [g0, g1] = [quarterBack(a, d0, d2), quarterBack(a, u1, u3)];
  store(1, add(a, g0, g1));
  store(5, subtract(a, g0, g1));
  // d3 needs three eighths: one more quarter than u3.
  const [h0, h1] = [quarterOn(a, d0, d2), quarterOn(a, u1, u3)];
  store(3, quarterBack(a, h0, h1));
  store(7, quarterOn(a, h0, h1));
};

const butterflies = { 2: butterfly2, 4: butterfly4, 8: butterfly8 } as const;

/** `value` times the twiddle `offset` bytes from `t` on. */
function turned(a: Arithmetic, [re, im]: Complex, t: number, offset: number): Complex {
  const c = a.f.v128(f64x2.loadSplat(get(t), offset));
  const s = a.f.v128(f64x2.loadSplat(get(t), offset + SINE));
  return [a.minus(a.times(re, c), a.times(im, s)), a.plus(a.times(re, s), a.times(im, c))];
}

const advance = (f: FunctionBuilder, local: number, by: Code) => {
  f.push(i32.add(get(local), by), [0x21, local]);
};

/** Stores outputs `stride` bytes apart from `y` on, in whatever order they come, turned by the twiddles at `t`, if any. */
function storing(a: Arithmetic, y: number, stride: Code, t: number | null): Store {
  const { f } = a;
  return (k, value) => {
    const to = k === 0 ? y : f.i32(i32.add(get(y), i32.multiply(stride, i32.constant(k))));
    const [re, im] = t === null || k === 0 ? value : turned(a, value, t, (k - 1) * TWIDDLE_BYTES);
    f.push(f64x2.store(get(to), get(re)), f64x2.store(get(to), get(im), IMAGINARY));
  };
}

/**
 * A pass of {@link RealFftPair}: parameters are the addresses of input, output and twiddles, then the number of butterflies
 * and the stride. In the last pass all twiddles are 1, and it goes without.
 */
function pass(radix: 2 | 4 | 8, last: boolean): FunctionBuilder {
  const f = new FunctionBuilder(`${last ? 'last' : 'pass'}${radix}`, 5);
  const [x, y, t, count, stride] = [0, 1, 2, 3, 4];
  const a = new Arithmetic(f);
  const near = f.i32(i32.multiply(get(stride), i32.constant(PAIR_BYTES)));
  const far = f.i32(i32.multiply(get(near), get(count)));
  const perButterfly = f.capture(() => {
    const left = f.i32(get(stride));
    const perTransform = f.capture(() => {
      const load = (k: number): Complex => {
        const from = f.i32(i32.add(get(x), i32.multiply(get(far), i32.constant(k))));
        return [f.v128(f64x2.load(get(from))), f.v128(f64x2.load(get(from), IMAGINARY))];
      };
      butterflies[radix](a, load, storing(a, y, get(near), last ? null : t));
      advance(f, x, i32.constant(PAIR_BYTES));
      advance(f, y, i32.constant(PAIR_BYTES));
    });
    f.push(repeat(left, perTransform));
    advance(f, y, i32.multiply(get(near), i32.constant(radix - 1)));
    advance(f, t, i32.constant((radix - 1) * TWIDDLE_BYTES));
  });
  f.push(repeat(count, perButterfly));
  return f;
}

/**
 * The first pass: windows two rows of samples, takes even and odd ones as real and imaginary parts, and pairs the rows up in
 * the vectors' lanes, on the way in. Parameters are the addresses of both rows, window, output and twiddles at the first
 * butterfly, then the number of butterflies and the bytes between a butterfly's inputs. Of these the first
 * `inputs` alone are read: the rest is zero-padding.
 */
function windowed(radix: 2 | 4 | 8, inputs: number): FunctionBuilder {
  const f = new FunctionBuilder(`windowed${radix}of${inputs}`, 7);
  const [first, second, window, y, t, count, far] = [0, 1, 2, 3, 4, 5, 6];
  const a = new Arithmetic(f);
  f.push(
    repeat(
      count,
      f.capture(() => {
        const load = (k: number): Complex | null => {
          if (k >= inputs) return null;
          const at = (row: number) =>
            f.v128(f64x2.load(i32.add(get(row), i32.multiply(get(far), i32.constant(k)))));
          const w = at(window);
          const [p, q] = [a.times(at(first), w), a.times(at(second), w)];
          return [f.v128(f64x2.low(get(p), get(q))), f.v128(f64x2.high(get(p), get(q)))];
        };
        butterflies[radix](a, load, storing(a, y, i32.constant(PAIR_BYTES), t));
        for (const row of [first, second, window]) advance(f, row, i32.constant(COMPLEX_BYTES));
        advance(f, y, i32.constant(radix * PAIR_BYTES));
        advance(f, t, i32.constant((radix - 1) * TWIDDLE_BYTES));
      }),
    ),
  );
  return f;
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
export type WindowedPass = (
  first: number,
  second: number,
  window: number,
  y: number,
  twiddles: number,
  count: number,
  far: number,
) => void;

/** The kernels, at work on one memory. */
export interface FftKernel {
  readonly windowed2of2: WindowedPass;
  readonly windowed4of4: WindowedPass;
  /** By how many of the eight inputs there are; fewer than four don't come. */
  readonly windowed8of4: WindowedPass;
  readonly windowed8of5: WindowedPass;
  readonly windowed8of6: WindowedPass;
  readonly windowed8of7: WindowedPass;
  readonly windowed8of8: WindowedPass;
  readonly pass8: Pass;
  readonly last2: Pass;
  readonly last4: Pass;
  readonly last8: Pass;
  power(i: number, j: number, table: number, count: number, out: number): void;
}

/**
 * The kernels' code, compiled for `runtime`; null where it has no WebAssembly, no 128-bit vectors, or lets no code be
 * compiled or run.
 */
export function compileFftKernel(
  runtime: typeof WebAssembly | null = globalThis.WebAssembly ?? null,
): WebAssembly.Module | null {
  const code = moduleOf([
    windowed(2, 2),
    windowed(4, 4),
    ...[4, 5, 6, 7, 8].map((inputs) => windowed(8, inputs)),
    pass(8, false),
    ...([2, 4, 8] as const).map((radix) => pass(radix, true)),
    power(),
  ]);
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
