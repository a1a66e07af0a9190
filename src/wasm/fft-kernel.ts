import { type FftLayout, LANE_BYTES, PAIR_BYTES, type Stage, TWIDDLE_BYTES } from './fft-layout.js';
import { FunctionBuilder, f64x2, get, i32, moduleOf, repeat, set } from './wasm-code.js';

const IMAGINARY = PAIR_BYTES / 2;
const SINE = LANE_BYTES;
/** Two samples of a row: real and imaginary part. */
const COMPLEX_BYTES = 2 * LANE_BYTES;
const PAGE_BYTES = 65536;

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

const advance = (f: FunctionBuilder, local: number, by: number) => {
  f.push(set(local, i32.add(get(local), i32.constant(by))));
};

/** Stores outputs `stride` bytes apart from `y` on, in whatever order they come, turned by the twiddles at `t`, if any. */
function storing(a: Arithmetic, y: number, stride: number, t: number | null): Store {
  return (k, value) => {
    const [re, im] = t === null || k === 0 ? value : turned(a, value, t, (k - 1) * TWIDDLE_BYTES);
    a.f.push(f64x2.store(get(y), get(re), k * stride), f64x2.store(get(y), get(im), k * stride + IMAGINARY));
  };
}

/**
 * A pass of {@link RealFftPair} from address `x` to `y`. In the last pass, which has one butterfly a transform, all twiddles
 * are 1, and it goes without. Numbers that the size settles are constants of the code: addresses then cost nothing.
 */
function writePass(
  f: FunctionBuilder,
  { radix, count, stride, twiddles }: Stage,
  x: number,
  y: number,
): void {
  const a = new Arithmetic(f);
  const near = stride * PAIR_BYTES;
  const far = near * count;
  const [from, to, t] = [x, y, twiddles].map((address) => f.i32(i32.constant(address)));
  const left = f.i32(i32.constant(count));
  const perButterfly = f.capture(() => {
    const inner = f.i32(i32.constant(stride));
    const perTransform = f.capture(() => {
      const load = (k: number): Complex => [
        f.v128(f64x2.load(get(from), k * far)),
        f.v128(f64x2.load(get(from), k * far + IMAGINARY)),
      ];
      butterflies[radix](a, load, storing(a, to, near, count === 1 ? null : t));
      advance(f, from, PAIR_BYTES);
      advance(f, to, PAIR_BYTES);
    });
    f.push(repeat(inner, perTransform));
    advance(f, to, near * (radix - 1));
    advance(f, t, (radix - 1) * TWIDDLE_BYTES);
  });
  f.push(repeat(left, perButterfly));
}

/** All passes but the first. */
function passes({ stages, buffers }: FftLayout): FunctionBuilder {
  const f = new FunctionBuilder('passes', 0);
  for (let i = 1; i < stages.length; i++) writePass(f, stages[i], buffers[(i + 1) % 2], buffers[i % 2]);
  return f;
}

/**
 * The first pass: windows two rows of samples, takes even and odd ones as real and imaginary parts, and pairs the rows up in
 * the vectors' lanes, on the way in. Parameters are the first butterfly and the number of butterflies. Of a
 * butterfly's inputs the first `inputs` alone are read: the rest is zero-padding.
 */
function windowed({ stages, buffers, window, rows }: FftLayout, inputs: number): FunctionBuilder {
  const f = new FunctionBuilder(`windowed${inputs}`, 2);
  const [first, count] = [0, 1];
  const { radix, count: all, twiddles } = stages[0];
  const a = new Arithmetic(f);
  const sample = f.i32(i32.multiply(get(first), i32.constant(COMPLEX_BYTES)));
  const y = f.i32(
    i32.add(i32.multiply(get(first), i32.constant(radix * PAIR_BYTES)), i32.constant(buffers[0])),
  );
  const t = f.i32(
    i32.add(i32.multiply(get(first), i32.constant((radix - 1) * TWIDDLE_BYTES)), i32.constant(twiddles)),
  );
  f.push(
    repeat(
      count,
      f.capture(() => {
        const load = (k: number): Complex | null => {
          if (k >= inputs) return null;
          const at = (row: number) => f.v128(f64x2.load(get(sample), row + k * all * COMPLEX_BYTES));
          const w = at(window);
          const [p, q] = [a.times(at(rows[0]), w), a.times(at(rows[1]), w)];
          return [f.v128(f64x2.low(get(p), get(q))), f.v128(f64x2.high(get(p), get(q)))];
        };
        butterflies[radix](a, load, storing(a, y, PAIR_BYTES, t));
        advance(f, sample, COMPLEX_BYTES);
        advance(f, y, radix * PAIR_BYTES);
        advance(f, t, (radix - 1) * TWIDDLE_BYTES);
      }),
    ),
  );
  return f;
}

/** Sum of |2 X_k|^2 of both channels: parameters are the first bin and the number of bins, all between 0 and half the size. */
function power({ half, spectrum, table, sums }: FftLayout): FunctionBuilder {
  const f = new FunctionBuilder('power', 2);
  const [first, count] = [0, 1];
  const a = new Arithmetic(f);
  const sum = f.v128(f64x2.constant(0));
  const offset = f.i32(i32.multiply(get(first), i32.constant(PAIR_BYTES)));
  const i = f.i32(i32.add(get(offset), i32.constant(spectrum)));
  const j = f.i32(i32.subtract(i32.constant(spectrum + half * PAIR_BYTES), get(offset)));
  const t = f.i32(i32.add(i32.multiply(get(first), i32.constant(TWIDDLE_BYTES)), i32.constant(table)));
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
        f.push(set(sum, f64x2.add(get(sum), get(square))));
        advance(f, i, PAIR_BYTES);
        f.push(set(j, i32.subtract(get(j), i32.constant(PAIR_BYTES))));
        advance(f, t, TWIDDLE_BYTES);
      }),
    ),
    f64x2.store(i32.constant(sums), get(sum)),
  );
  return f;
}

/** The kernels of one size, at work on one memory. */
export interface FftKernel {
  /** Butterflies `first` to `first + count` of the first pass, by how many inputs they have. */
  readonly windowed: ReadonlyMap<number, (first: number, count: number) => void>;
  passes(): void;
  power(first: number, count: number): void;
}

/** Of eight inputs at least this many are read in the first pass, zeros or not. */
export const FEWEST_INPUTS = 4;

/**
 * The kernels of `layout` on a memory of their own; null where `runtime` has no WebAssembly, no 128-bit vectors, or lets
 * no code be compiled or run.
 */
export function compileFftKernel(
  layout: FftLayout,
  runtime: typeof WebAssembly | null = globalThis.WebAssembly ?? null,
): { readonly kernel: FftKernel; readonly memory: WebAssembly.Memory } | null {
  const { radix } = layout.stages[0];
  const inputs = radix < 8 ? [radix] : [4, 5, 6, 7, 8];
  const code = moduleOf([...inputs.map((n) => windowed(layout, n)), passes(layout), power(layout)]);
  if (!runtime?.validate(code)) return null;
  try {
    const memory = new runtime.Memory({ initial: Math.ceil(layout.bytes / PAGE_BYTES) });
    const { exports } = new runtime.Instance(new runtime.Module(code), { env: { memory } });
    const functions = exports as unknown as Pick<FftKernel, 'passes' | 'power'> &
      Record<`windowed${number}`, (first: number, count: number) => void>;
    const { passes, power } = functions;
    return {
      memory,
      kernel: { passes, power, windowed: new Map(inputs.map((n) => [n, functions[`windowed${n}`]])) },
    };
  } catch {
    return null;
  }
}
