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

/**
 * Resamples one channel by `up / down` with a causal polyphase FIR: `scipy.signal.upfirdn(h, x, up, down)` chunk by
 * chunk. Output k is due with input `floor(k * down / up)` and depends on no later one; it lags the signal by
 * 10 periods of the slower of the two rates. Before the first sample, its value is taken to have stood since ever.
 */
export class RationalResampler {
  /** Phase-major: [up, taps], oldest sample first. */
  readonly #phases: Float64Array;
  readonly #taps: number;
  /** The `taps - 1` inputs before a chunk, then the chunk. */
  #line: Float64Array;
  #fresh = true;

  constructor(
    readonly ratio: Ratio,
    taps: Float64Array,
  ) {
    const { up } = ratio;
    this.#taps = Math.ceil(taps.length / up);
    this.#phases = new Float64Array(up * this.#taps);
    for (let i = 0; i < taps.length; i++)
      this.#phases[(i % up) * this.#taps + (this.#taps - 1 - Math.floor(i / up))] = taps[i];
    this.#line = new Float64Array(2 * this.#taps);
  }

  /** The next sample is taken as the first. */
  restart(): void {
    this.#fresh = true;
  }

  /**
   * Writes the outputs that are due with `input`. `due`: steps of the upsampled grid from its first sample to the
   * first of them. An output is NaN where an input in its reach is.
   */
  process(input: Float64Array, due: number, output: Float64Array): void {
    const { up, down } = this.ratio;
    const before = this.#taps - 1;
    const n = input.length;
    if (n === 0) return;
    if (this.#line.length < before + n) {
      const line = new Float64Array(before + n);
      line.set(this.#line.subarray(0, before));
      this.#line = line;
    }
    const line = this.#line;
    if (this.#fresh) line.fill(input[0], 0, before);
    this.#fresh = false;
    line.set(input, before);
    let k = 0;
    for (let step = due; step < n * up; step += down) {
      const i = Math.floor(step / up);
      output[k++] = dot(this.#phases, (step - i * up) * this.#taps, line, i, this.#taps);
    }
    line.copyWithin(0, n, n + before);
  }
}

/** Four sums side by side: additions that wait for each other would take four times as long. */
function dot(a: Float64Array, aFrom: number, b: Float64Array, bFrom: number, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < length; i += 4) {
    s0 += a[aFrom + i] * b[bFrom + i];
    s1 += a[aFrom + i + 1] * b[bFrom + i + 1];
    s2 += a[aFrom + i + 2] * b[bFrom + i + 2];
    s3 += a[aFrom + i + 3] * b[bFrom + i + 3];
  }
  for (; i < length; i++) s0 += a[aFrom + i] * b[bFrom + i];
  return s0 + s1 + (s2 + s3);
}
