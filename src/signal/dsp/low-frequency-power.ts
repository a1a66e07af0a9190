/**
 * Power of short series in bands near 0 Hz: one-sided density of the de-meaned, Hann-windowed (periodic) series,
 * padded with zeros to `nfft`, summed over low <= f < high times the bin width. Equal to
 * `scipy.signal.periodogram(x, sfreq, 'hann', nfft, 'constant', scaling='density')`. Few bins are wanted, so each is
 * summed directly, over half of the samples: the cosine is the same from both ends, the sine's sign differs.
 */
export class LowFrequencyPower {
  /** Rows of `half + 1` values, one for each bin up to the highest that is wanted (or the one after it). */
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #half: number;
  /** |X|^2 of each bin. */
  readonly #squares: Float64Array;
  /** Bins of each band. */
  readonly #bins: readonly (readonly [from: number, to: number])[];
  readonly #windowed: Float64Array;
  /** Sums and differences of the windowed values as far from the start as from the end. */
  readonly #even: Float64Array;
  readonly #odd: Float64Array;
  /** Window for the last length, and its energy: a series has the same length nearly always. */
  #window = new Float64Array(0);
  #energy = 0;

  /** `bands`: edges, Hz, ascending pairs below sfreq / 2. */
  constructor(
    readonly sfreq: number,
    readonly nfft: number,
    readonly bands: readonly (readonly [low_hz: number, high_hz: number])[],
  ) {
    const width = sfreq / nfft;
    // A ten-thousandth of a bin: edges such as 0.6 Hz aren't exact multiples of the bin width in doubles.
    this.#bins = bands.map(([low_hz, high_hz]) => [
      Math.ceil(low_hz / width - 1e-4),
      Math.ceil(high_hz / width - 1e-4),
    ]);
    const half = nfft >> 1;
    this.#half = half;
    this.#even = new Float64Array(half + 1);
    this.#odd = new Float64Array(half + 1);
    this.#windowed = new Float64Array(nfft + 1);
    // An even number: they are summed in pairs.
    const bins = 2 * Math.ceil(Math.max(...this.#bins.map(([, to]) => to)) / 2);
    this.#squares = new Float64Array(bins);
    const angle = (i: number) =>
      (2 * Math.PI * ((Math.floor(i / (half + 1)) * (i % (half + 1))) % nfft)) / nfft;
    this.#cos = Float64Array.from({ length: bins * (half + 1) }, (_, i) => Math.cos(angle(i)));
    this.#sin = Float64Array.from({ length: bins * (half + 1) }, (_, i) => Math.sin(angle(i)));
  }

  /** Power of `x` [n <= nfft, all finite] in each band, in squared units of x. */
  compute(x: Float64Array): number[] {
    const n = x.length;
    if (this.#window.length !== n) this.#makeWindow(n);
    const window = this.#window;
    const windowed = this.#windowed;
    // About the first value: of a constant series nothing is left, not even rounding.
    let mean = 0;
    for (let i = 0; i < n; i++) mean += x[i] - x[0];
    mean /= n;
    for (let i = 0; i < n; i++) windowed[i] = window[i] * (x[i] - x[0] - mean);
    windowed.fill(0, n);
    this.#fold();
    for (let k = 0; k < this.#squares.length; k += 2) this.#squareTwo(k);
    const squares = this.#squares;
    return this.#bins.map(([from, to]) => {
      let power = 0;
      for (let k = from; k < to; k++) power += (k === 0 ? 1 : 2) * squares[k];
      return power / (this.nfft * this.#energy);
    });
  }

  #makeWindow(n: number): void {
    this.#window = Float64Array.from({ length: n }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / n));
    this.#energy = this.#window.reduce((sum, w) => sum + w * w, 0);
  }

  #fold(): void {
    const { nfft } = this;
    const x = this.#windowed;
    for (let i = 1; 2 * i < nfft; i++) {
      this.#even[i] = x[i] + x[nfft - i];
      this.#odd[i] = x[i] - x[nfft - i];
    }
    // The first value, and the middle one of an even number, stand alone.
    this.#even[0] = x[0];
    if (nfft % 2 === 0) this.#even[this.#half] = x[this.#half];
  }

  /** |X|^2 of the windowed values at bins `k` and `k + 1`: two sums in turn take hardly longer than one. */
  #squareTwo(k: number): void {
    const even = this.#even;
    const odd = this.#odd;
    const cos = this.#cos;
    const sin = this.#sin;
    const length = even.length;
    let at = k * length;
    let next = at + length;
    let re = 0;
    let im = 0;
    let nextRe = 0;
    let nextIm = 0;
    for (let i = 0; i < length; i++, at++, next++) {
      const e = even[i];
      const o = odd[i];
      re += e * cos[at];
      im += o * sin[at];
      nextRe += e * cos[next];
      nextIm += o * sin[next];
    }
    this.#squares[k] = re * re + im * im;
    this.#squares[k + 1] = nextRe * nextRe + nextIm * nextIm;
  }
}
