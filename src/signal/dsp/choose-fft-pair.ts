import type { FftPair } from './fft-pair.js';
import { PortableFftPair } from './portable-fft-pair.js';
import { RealFftPair } from './real-fft-pair.js';

/**
 * How `runtime` transforms fastest: WebAssembly vectors, or fft.js where there are none or no code may be compiled
 * (V8's --jitless, hardened hosts). Both agree to 1e-12.
 */
export function chooseFftPair(runtime?: typeof WebAssembly | null): (size: number) => FftPair {
  return (size) => RealFftPair.create(size, runtime) ?? new PortableFftPair(size);
}

const create = chooseFftPair();
const shared = new Map<number, FftPair>();

/** The process's one transform of `size`: it holds nothing between a call of `transform` and the next. */
export function fftPairOf(size: number): FftPair {
  const existing = shared.get(size);
  if (existing) return existing;
  const created = create(size);
  shared.set(size, created);
  return created;
}
