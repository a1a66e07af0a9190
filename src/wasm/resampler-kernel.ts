import { FunctionBuilder, f64x2, get, i32, moduleOf, repeat, set } from './wasm-code.js';

/** Channels whose samples lie side by side. */
export const RESAMPLER_LANES = 8;
const VECTOR_BYTES = 16;
const LANE_BYTES = 8;

/**
 * One output of {@link RESAMPLER_LANES} channels: parameters are the addresses of taps, of the oldest input [taps, lanes],
 * of the output [lanes], and the number of taps. Each channel is summed up in the order of the taps.
 */
function weigh(): FunctionBuilder {
  const f = new FunctionBuilder('weigh', 4);
  const [taps, inputs, output, left] = [0, 1, 2, 3];
  const sums = Array.from({ length: (RESAMPLER_LANES * LANE_BYTES) / VECTOR_BYTES }, () =>
    f.v128(f64x2.constant(0)),
  );
  const body = f.capture(() => {
    const tap = f.v128(f64x2.loadSplat(get(taps)));
    for (const [k, sum] of sums.entries()) {
      const input = f64x2.load(get(inputs), k * VECTOR_BYTES);
      f.push(set(sum, f64x2.add(get(sum), f64x2.multiply(get(tap), input))));
    }
    f.push(set(taps, i32.add(get(taps), i32.constant(LANE_BYTES))));
    f.push(set(inputs, i32.add(get(inputs), i32.constant(RESAMPLER_LANES * LANE_BYTES))));
  });
  f.push(repeat(left, body));
  for (const [k, sum] of sums.entries()) f.push(f64x2.store(get(output), get(sum), k * VECTOR_BYTES));
  return f;
}

export type ResamplerKernel = (taps: number, inputs: number, output: number, count: number) => void;

/** Null where `runtime` has no WebAssembly, no 128-bit vectors, or lets no code be compiled or run. */
export function compileResamplerKernel(
  runtime: typeof WebAssembly | null = globalThis.WebAssembly ?? null,
): { readonly weigh: ResamplerKernel; readonly memory: WebAssembly.Memory } | null {
  const code = moduleOf([weigh()]);
  if (!runtime?.validate(code)) return null;
  try {
    const memory = new runtime.Memory({ initial: 1 });
    const { exports } = new runtime.Instance(new runtime.Module(code), { env: { memory } });
    return { memory, weigh: exports.weigh as ResamplerKernel };
  } catch {
    return null;
  }
}
