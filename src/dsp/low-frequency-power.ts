/**
 * Power of short series in bands near 0 Hz: one-sided density of the de-meaned, Hann-windowed (periodic) series,
 * padded with zeros to `nfft`, summed over low <= f < high times the bin width. Equal to
 * `scipy.signal.periodogram(x, sfreq, 'hann', nfft, 'constant', scaling='density')`. Few bins are wanted, so each is
 * summed directly.
 */
export class LowFrequencyPower {
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;

  /** `bands`: edges, Hz, ascending pairs below sfreq / 2. */
  constructor(
    readonly sfreq: number,
    readonly nfft: number,
    readonly bands: readonly (readonly [low_hz: number, high_hz: number])[],
  ) {
    const angle = (2 * Math.PI) / nfft;
    this.#cos = Float64Array.from({ length: nfft }, (_, i) => Math.cos(angle * i));
    this.#sin = Float64Array.from({ length: nfft }, (_, i) => Math.sin(angle * i));
  }

  /** Power of `x` [n <= nfft, all finite] in each band, in squared units of x. */
  compute(x: Float64Array): number[] {
    const { nfft, sfreq } = this;
    const n = x.length;
    let mean = 0;
    for (let i = 0; i < n; i++) mean += x[i] / n;
    const windowed = new Float64Array(n);
    let weight = 0;
    for (let i = 0; i < n; i++) {
      const w = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / n);
      weight += w * w;
      windowed[i] = w * (x[i] - mean);
    }
    const width = sfreq / nfft;
    return this.bands.map(([low_hz, high_hz]) => {
      let power = 0;
      // A ten-thousandth of a bin: edges such as 0.6 Hz aren't exact multiples of the bin width in doubles.
      for (let k = Math.ceil(low_hz / width - 1e-4); k < high_hz / width - 1e-4; k++)
        power += (k === 0 ? 1 : 2) * this.#square(windowed, k);
      return (power / (sfreq * weight)) * width;
    });
  }

  #square(x: Float64Array, k: number): number {
    let re = 0;
    let im = 0;
    let at = 0;
    for (let i = 0; i < x.length; i++) {
      re += x[i] * this.#cos[at];
      im += x[i] * this.#sin[at];
      at += k;
      if (at >= this.nfft) at -= this.nfft;
    }
    return re * re + im * im;
  }
}
