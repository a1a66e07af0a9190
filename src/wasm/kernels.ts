import { elementwiseKernels } from './elementwise-kernels.js';
import { layoutKernels } from './layout-kernels.js';
import { product, rowProduct } from './product-kernels.js';
import { rowKernels } from './row-kernels.js';
import { moduleOf } from './wasm-code.js';

type Kernel = (...parameters: number[]) => void;

/** Every kernel by name, at work on one memory; what its parameters are stands where it is written. */
export type Kernels = Readonly<Record<string, Kernel>>;

let compiled: WebAssembly.Module | null | undefined;

/** Compiled once; null where WebAssembly has no 128-bit vectors or lets no code be compiled. */
function compileKernels(): WebAssembly.Module | null {
  if (compiled !== undefined) return compiled;
  const code = moduleOf([
    product(false),
    product(true),
    rowProduct(),
    ...elementwiseKernels(),
    ...rowKernels(),
    ...layoutKernels(),
  ]);
  try {
    compiled = globalThis.WebAssembly?.validate(code) ? new WebAssembly.Module(code) : null;
  } catch {
    compiled = null;
  }
  return compiled;
}

/** Throws where there is no WebAssembly with 128-bit vectors. */
export function kernelsOn(memory: WebAssembly.Memory): Kernels {
  const compiledKernels = compileKernels();
  if (!compiledKernels) throw new Error('WebAssembly has no 128-bit vectors here');
  return new WebAssembly.Instance(compiledKernels, { env: { memory } }).exports as Kernels;
}
