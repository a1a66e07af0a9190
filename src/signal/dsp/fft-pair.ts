/** Power of chosen bins of the discrete Fourier transforms of two real signals at once, float64. Neither signal ever changes the other's bits. */
export interface FftPair {
  /** Samples of each transform; a power of two, 4 or more. */
  readonly size: number;
  /**
   * Transforms `window` times `first` and `window` times `second`, each followed by zeros up to {@link size};
   * {@link power} then reads the result. All three are of one length, at most `size`. A `window` is known again by its
   * identity: its values must not change between calls.
   */
  transform(window: Float64Array, first: Float64Array, second: Float64Array): void;
  /**
   * Sums of |X_k|^2 over bins `from` (inclusive) to `to` (exclusive), 0 <= from <= to <= size / 2 + 1, of both signals,
   * in an array that the next call writes over.
   */
  power(from: number, to: number): Float64Array;
}
