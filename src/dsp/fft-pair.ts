/** Power of chosen bins of the discrete Fourier transforms of two real signals at once, float64. Neither signal ever changes the other's bits. */
export interface FftPair {
  /** Samples of each signal; a power of two, 4 or more. */
  readonly size: number;
  /** [size, 2] samples of both signals in turn; whoever transforms writes all of it. */
  readonly input: Float64Array;
  /** Transforms {@link input}, which stays as it is; {@link power} then reads the result. */
  transform(): void;
  /**
   * Sums of |X_k|^2 over bins `from` (inclusive) to `to` (exclusive), 0 <= from <= to <= size / 2 + 1, of both signals,
   * in an array that the next call writes over.
   */
  power(from: number, to: number): Float64Array;
}
