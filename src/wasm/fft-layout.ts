/** Bytes of a complex value of two channels: real parts of both, imaginary parts of both. */
export const PAIR_BYTES = 32;
/** Bytes of a twiddle: cosine and sine. */
export const TWIDDLE_BYTES = 16;
export const LANE_BYTES = 8;

/** One pass: `count` butterflies of `radix` over `stride` interleaved transforms. */
export interface Stage {
  readonly radix: 2 | 4 | 8;
  readonly count: number;
  readonly stride: number;
  /** Address of [count, radix - 1] twiddles. */
  readonly twiddles: number;
}

/** Where everything lies in the memory of a transform of `size` samples of two channels; addresses in bytes. */
export interface FftLayout {
  readonly size: number;
  /** Complex values of each channel. */
  readonly half: number;
  /** Passes of radix 8 and a last one of 8, 4 or 2. */
  readonly stages: readonly Stage[];
  /** Window and samples of both channels, `size` float64 each. */
  readonly window: number;
  readonly rows: readonly [number, number];
  /** Where passes write in turn, `half` complex values of both channels each. */
  readonly buffers: readonly [number, number];
  /** Of the two, the one that the last pass writes. */
  readonly spectrum: number;
  /** Cosine and sine of 2 pi k / size, k < half. */
  readonly table: number;
  /** Both channels' sums. */
  readonly sums: number;
  readonly bytes: number;
}

/** `size`: a power of two, 4 or more. */
export function fftLayout(size: number): FftLayout {
  const half = size / 2;
  let bytes = 0;
  const take = (length: number) => {
    bytes += length;
    return bytes - length;
  };
  const row = size * LANE_BYTES;
  const window = take(row);
  const rows = [take(row), take(row)] as const;
  const buffers = [take(half * PAIR_BYTES), take(half * PAIR_BYTES)] as const;
  const table = take(half * TWIDDLE_BYTES);
  const sums = take(2 * LANE_BYTES);
  const stages: Stage[] = [];
  for (let n = half, stride = 1; n > 1; ) {
    const radix = n % 8 === 0 ? 8 : n % 4 === 0 ? 4 : 2;
    const count = n / radix;
    stages.push({ radix, count, stride, twiddles: take(count * (radix - 1) * TWIDDLE_BYTES) });
    n = count;
    stride *= radix;
  }
  const spectrum = buffers[(stages.length + 1) % 2];
  return { size, half, stages, window, rows, buffers, spectrum, table, sums, bytes };
}
