import { FunctionBuilder, f64x2, get, i32, moduleOf, repeat, set } from './wasm-code.js';

const LANE_BYTES = 8;
const VECTOR_BYTES = 16;
const DELAYS = 2;
/** Coefficients of a section: b0, b1, b2, a1, a2. */
export const COEFFICIENTS = 5;
/** Sections that run at once: two keep the processor busy while each waits for its own sum; more don't fit its registers. */
export const MOST_SECTIONS = 2;

/**
 * Filters two rows in place, the operations those of `SosFilter` in the same order. Parameters are the addresses of both
 * rows, of delays [section, 2, lane], of coefficients [section, 5], of two sums that turn NaN where a row has a sample
 * that is not finite, and the number of samples.
 */
function sections(count: number): FunctionBuilder {
  const f = new FunctionBuilder(`sections${count}`, 6);
  const [first, second, delays, coefficients, sums, left] = [0, 1, 2, 3, 4, 5];
  const state = Array.from({ length: count }, (_, s) =>
    Array.from({ length: DELAYS }, (_, d) =>
      f.v128(f64x2.load(get(delays), (s * DELAYS + d) * VECTOR_BYTES)),
    ),
  );
  const sum = f.v128(f64x2.load(get(sums)));
  const body = f.capture(() => {
    const input = f.v128(f64x2.loadSecond(get(second), f64x2.loadSplat(get(first))));
    f.push(set(sum, f64x2.add(get(sum), f64x2.subtract(get(input), get(input)))));
    let x = input;
    for (const [s, [d1, d2]] of state.entries()) {
      const times = (k: number, value: number) =>
        f64x2.multiply(f64x2.loadSplat(get(coefficients), (s * COEFFICIENTS + k) * LANE_BYTES), get(value));
      const y = f.v128(f64x2.add(times(0, x), get(d1)));
      f.push(set(d1, f64x2.subtract(f64x2.add(times(1, x), get(d2)), times(3, y))));
      f.push(set(d2, f64x2.subtract(times(2, x), times(4, y))));
      x = y;
    }
    f.push(f64x2.storeFirst(get(first), get(x)), f64x2.storeSecond(get(second), get(x)));
    for (const row of [first, second]) f.push(set(row, i32.add(get(row), i32.constant(LANE_BYTES))));
  });
  f.push(repeat(left, body), f64x2.store(get(sums), get(sum)));
  for (const [s, pair] of state.entries())
    for (const [d, local] of pair.entries())
      f.push(f64x2.store(get(delays), get(local), (s * DELAYS + d) * VECTOR_BYTES));
  return f;
}

export type SosKernel = (
  first: number,
  second: number,
  delays: number,
  coefficients: number,
  sums: number,
  samples: number,
) => void;

/**
 * Kernels for 1 to {@link MOST_SECTIONS} sections on a memory of `pages`; null where `runtime` has no WebAssembly, no
 * 128-bit vectors, or lets no code be compiled or run.
 */
export function compileSosKernels(
  pages: number,
  runtime: typeof WebAssembly | null = globalThis.WebAssembly ?? null,
): { readonly kernels: readonly SosKernel[]; readonly memory: WebAssembly.Memory } | null {
  const counts = Array.from({ length: MOST_SECTIONS }, (_, i) => i + 1);
  const code = moduleOf(counts.map(sections));
  if (!runtime?.validate(code)) return null;
  try {
    const memory = new runtime.Memory({ initial: pages });
    const { exports } = new runtime.Instance(new runtime.Module(code), { env: { memory } });
    return { memory, kernels: counts.map((count) => exports[`sections${count}`] as SosKernel) };
  } catch {
    return null;
  }
}
