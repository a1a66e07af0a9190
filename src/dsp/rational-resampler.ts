/** Kaiser parameter and half length, in periods of the slower rate, of `scipy.signal.resample_poly`'s default filter. */
const KAISER_BETA = 5;
const HALF_LENGTH = 10;

/** `up / down` in lowest terms. */
export interface Ratio {
  readonly up: number;
  readonly down: number;
}

/** The simplest ratio within 1e-9 of `to / from`, by continued fractions; null where its terms exceed `limit`. */
export function rationalRatio(from: number, to: number, limit = 4096): Ratio | null {
  const target = to / from;
  let [h0, h1, k0, k1] = [0, 1, 1, 0];
  let x = target;
  for (let i = 0; i < 32; i++) {
    const a = Math.floor(x);
    [h0, h1] = [h1, a * h1 + h0];
    [k0, k1] = [k1, a * k1 + k0];
    if (h1 > limit || k1 > limit) return null;
    if (h1 > 0 && Math.abs(h1 / k1 / target - 1) < 1e-9) return { up: h1, down: k1 };
    x = 1 / (x - a);
  }
  return null;
}

/** Modified Bessel function of the first kind and order 0, by its power series. */
function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) * (x / (2 * k));
    sum += term;
  }
  return sum;
}

/**
 * Low-pass FIR of `2 * 10 * max(up, down) + 1` taps at the rate `up * sfreq`:
 * `up * scipy.signal.firwin(n, 1 / max(up, down), window=('kaiser', 5.0))` as in `scipy.signal.resample_poly`, then
 * each of its `up` phases scaled to a gain of exactly 1, so that an offset of 1e5 uV doesn't come out as a ripple.
 */
export function designResampler({ up, down }: Ratio): Float64Array {
  const slower = Math.max(up, down);
  const half = HALF_LENGTH * slower;
  const taps = Float64Array.from({ length: 2 * half + 1 }, (_, i) => {
    const x = i - half;
    const angle = (Math.PI * x) / slower;
    const ratio = x / half;
    return (x === 0 ? 1 : Math.sin(angle) / angle) * besselI0(KAISER_BETA * Math.sqrt(1 - ratio * ratio));
  });
  for (let phase = 0; phase < up; phase++) {
    let gain = 0;
    for (let i = phase; i < taps.length; i += up) gain += taps[i];
    for (let i = phase; i < taps.length; i += up) taps[i] /= gain;
  }
  return taps;
}

/** Channels that share each filter tap that is read. */
const LANES = 4;

/**
 * Resamples channels by `up / down` with a causal polyphase FIR: `scipy.signal.upfirdn(h, x, up, down)` chunk by
 * chunk. Output k is due with input `floor(k * down / up)` and depends on no later one; it lags the signal by
 * 10 periods of the slower of the two rates. Before the first sample, its value is taken to have stood since ever.
 */
export class RationalResampler {
  /** Phase-major: [up, taps], oldest sample first. */
  readonly #phases: Float64Array;
  readonly #taps: number;
  /** [channels, stride], padded to whole {@link LANES}: the `taps - 1` inputs before a chunk, then the chunk. */
  #lines: Float64Array;
  #stride: number;
  #fresh = true;

  constructor(
    readonly ratio: Ratio,
    taps: Float64Array,
    readonly channels: number,
  ) {
    const { up } = ratio;
    this.#taps = Math.ceil(taps.length / up);
    this.#phases = new Float64Array(up * this.#taps);
    for (let i = 0; i < taps.length; i++)
      this.#phases[(i % up) * this.#taps + (this.#taps - 1 - Math.floor(i / up))] = taps[i];
    this.#stride = 2 * this.#taps;
    this.#lines = new Float64Array(this.#rows() * this.#stride);
  }

  /** The next sample is taken as the first. */
  restart(): void {
    this.#fresh = true;
  }

  /**
   * Takes `input` [channels, n] and writes the outputs that are due with it to `output` [channels, length]. `due`:
   * steps of the upsampled grid from the first input to the first output. An output is NaN where an input of its
   * channel in its reach is.
   */
  process(input: Float64Array, due: number, output: Float64Array): void {
    const { channels } = this;
    const n = input.length / channels;
    if (n === 0) return;
    this.#reserve(n);
    const before = this.#taps - 1;
    const length = output.length / channels;
    for (let c = 0; c < channels; c++) {
      const line = c * this.#stride;
      if (this.#fresh) this.#lines.fill(input[c * n], line, line + before);
      this.#lines.set(input.subarray(c * n, (c + 1) * n), line + before);
    }
    this.#fresh = false;
    for (let c = 0; c < channels; c += LANES) this.#fourChannels(c, n, due, output, length);
    for (let c = 0; c < channels; c++) {
      const line = c * this.#stride;
      this.#lines.copyWithin(line, line + n, line + n + before);
    }
  }

  #fourChannels(c: number, n: number, due: number, output: Float64Array, length: number): void {
    const { up, down } = this.ratio;
    const lines = this.#lines;
    const phases = this.#phases;
    const taps = this.#taps;
    const stride = this.#stride;
    const used = Math.min(LANES, this.channels - c);
    for (let step = due, k = 0; step < n * up; step += down, k++) {
      const i = Math.floor(step / up);
      const row = (step - i * up) * taps;
      let line = c * stride + i;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let tap = row; tap < row + taps; tap++, line++) {
        const h = phases[tap];
        s0 += h * lines[line];
        s1 += h * lines[line + stride];
        s2 += h * lines[line + 2 * stride];
        s3 += h * lines[line + 3 * stride];
      }
      output[c * length + k] = s0;
      if (used > 1) output[(c + 1) * length + k] = s1;
      if (used > 2) output[(c + 2) * length + k] = s2;
      if (used > 3) output[(c + 3) * length + k] = s3;
    }
  }

  #rows(): number {
    return Math.ceil(this.channels / LANES) * LANES;
  }

  /** Makes room for `n` inputs behind those that are kept. */
  #reserve(n: number): void {
    const before = this.#taps - 1;
    if (before + n <= this.#stride) return;
    const stride = before + n;
    const lines = new Float64Array(this.#rows() * stride);
    for (let c = 0; c < this.channels; c++) {
      const line = c * this.#stride;
      lines.set(this.#lines.subarray(line, line + before), c * stride);
    }
    this.#lines = lines;
    this.#stride = stride;
  }
}
