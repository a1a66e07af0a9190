import type { Stateful } from '../../core/state.js';
import { RESAMPLER_LANES as LANES } from '../../wasm/resampler-kernel.js';
import { type ResamplerVectors, resamplerVectors } from './resampler-vectors.js';

/** Kaiser parameter and half length, in periods of the slower rate, of `scipy.signal.resample_poly`'s default filter. */
const KAISER_BETA = 5;
const HALF_LENGTH = 10;

/** `up / down` in lowest terms. */
export interface Ratio {
  readonly up: number;
  readonly down: number;
}

/** A ratio's greatest term: a filter has at most 20 taps a term. */
const MAX_TERM = 4096;
const EXACT_WITHIN = 1e-9;

/**
 * The simplest ratio within 1e-9 of `to / from`, Hz, by continued fractions. Where its terms exceed 4096, as those of measured
 * rates do (500.1 Hz), the last one before: it is less than 2.5e-4 off, and a rate is used that is off by a hundred times that. Null
 * where one rate is more than 4096 times the other.
 */
export function rationalRatio(from: number, to: number): Ratio | null {
  const target = to / from;
  let [h0, h1, k0, k1] = [0, 1, 1, 0];
  let x = target;
  for (;;) {
    const a = Math.floor(x);
    [h0, h1] = [h1, a * h1 + h0];
    [k0, k1] = [k1, a * k1 + k0];
    if (!(h1 <= MAX_TERM && k1 <= MAX_TERM)) return h0 > 0 && k0 > 0 ? { up: h0, down: k0 } : null;
    if (h1 > 0 && Math.abs(h1 / k1 / target - 1) < EXACT_WITHIN) return { up: h1, down: k1 };
    x = 1 / (x - a);
  }
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

/** [groups of channels, taps - 1, lanes] the inputs that still count; null before the first one. */
export type ResamplerState = { readonly kept: Float64Array | null };

/**
 * Resamples channels by `up / down` with a causal polyphase FIR: `scipy.signal.upfirdn(h, x, up, down)` chunk by
 * chunk. Output k is due with input `floor(k * down / up)` and depends on no later one; it lags the signal by
 * 10 periods of the slower of the two rates. Before the first sample, its value is taken to have stood since ever.
 */
export class RationalResampler implements Stateful<ResamplerState> {
  /** Phase-major: [up, taps], oldest sample first. */
  readonly #phases: Float64Array;
  readonly #taps: number;
  /** [groups of channels, stride, lanes]: the `taps - 1` inputs before a chunk, then the chunk. */
  #lines: Float64Array;
  #stride: number;
  #fresh = true;

  constructor(
    readonly ratio: Ratio,
    taps: Float64Array,
    readonly channels: number,
    readonly vectors: ResamplerVectors | null = resamplerVectors(),
  ) {
    const { up } = ratio;
    this.#taps = Math.ceil(taps.length / up);
    this.#phases = new Float64Array(up * this.#taps);
    for (let i = 0; i < taps.length; i++)
      this.#phases[(i % up) * this.#taps + (this.#taps - 1 - Math.floor(i / up))] = taps[i];
    this.#stride = 2 * this.#taps;
    this.#lines = new Float64Array(this.#groups * this.#stride * LANES);
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
    this.#enter(input, n);
    const [rows, firsts] = this.#places(due, n);
    for (let g = 0; g < this.#groups; g++) {
      const from = g * this.#stride * LANES;
      const line = this.#lines.subarray(from, from + (before + n) * LANES);
      const sums = this.vectors
        ? this.vectors.process(this.#phases, this.#taps, line, rows, firsts)
        : this.#weigh(line, rows, firsts);
      const lanes = Math.min(LANES, channels - g * LANES);
      for (let lane = 0; lane < lanes; lane++) {
        const at = (g * LANES + lane) * rows.length;
        for (let k = 0; k < rows.length; k++) output[at + k] = sums[k * LANES + lane];
      }
      line.copyWithin(0, n * LANES);
    }
  }

  snapshot(): ResamplerState {
    if (this.#fresh) return { kept: null };
    const length = (this.#taps - 1) * LANES;
    const kept = new Float64Array(this.#groups * length);
    for (let g = 0; g < this.#groups; g++) {
      const from = g * this.#stride * LANES;
      kept.set(this.#lines.subarray(from, from + length), g * length);
    }
    return { kept };
  }

  restore({ kept }: ResamplerState): void {
    this.#fresh = kept === null;
    if (kept === null) return;
    const length = (this.#taps - 1) * LANES;
    for (let g = 0; g < this.#groups; g++)
      this.#lines.set(kept.subarray(g * length, (g + 1) * length), g * this.#stride * LANES);
  }

  get #groups(): number {
    return Math.ceil(this.channels / LANES);
  }

  /** Writes a chunk behind the inputs that are kept. */
  #enter(input: Float64Array, n: number): void {
    const lines = this.#lines;
    const before = this.#taps - 1;
    for (let c = 0; c < this.channels; c++) {
      const lane = c % LANES;
      const start = ((c - lane) / LANES) * this.#stride * LANES + lane;
      let at = start + before * LANES;
      if (this.#fresh) for (let i = start; i < at; i += LANES) lines[i] = input[c * n];
      for (let i = c * n; i < (c + 1) * n; i++, at += LANES) lines[at] = input[i];
    }
    this.#fresh = false;
  }

  /** Of each output that is due with `n` inputs: its phase's first tap, and its oldest input. */
  #places(due: number, n: number): [rows: Int32Array, firsts: Int32Array] {
    const { up, down } = this.ratio;
    const length = Math.max(0, Math.ceil((n * up - due) / down));
    const rows = new Int32Array(length);
    const firsts = new Int32Array(length);
    for (let k = 0, step = due; k < length; k++, step += down) {
      firsts[k] = Math.floor(step / up);
      rows[k] = (step - firsts[k] * up) * this.#taps;
    }
    return [rows, firsts];
  }

  /** What {@link ResamplerVectors} computes, in plain TypeScript. */
  #weigh(line: Float64Array, rows: Int32Array, firsts: Int32Array): Float64Array {
    const phases = this.#phases;
    const sums = new Float64Array(rows.length * LANES);
    for (let k = 0; k < rows.length; k++) {
      for (let lane = 0; lane < LANES; lane += 4) {
        let at = firsts[k] * LANES + lane;
        let s0 = 0;
        let s1 = 0;
        let s2 = 0;
        let s3 = 0;
        for (let tap = rows[k]; tap < rows[k] + this.#taps; tap++, at += LANES) {
          const h = phases[tap];
          s0 += h * line[at];
          s1 += h * line[at + 1];
          s2 += h * line[at + 2];
          s3 += h * line[at + 3];
        }
        sums.set([s0, s1, s2, s3], k * LANES + lane);
      }
    }
    return sums;
  }

  /** Makes room for `n` inputs behind those that are kept. */
  #reserve(n: number): void {
    const kept = (this.#taps - 1) * LANES;
    const stride = this.#taps - 1 + n;
    if (stride <= this.#stride) return;
    const lines = new Float64Array(this.#groups * stride * LANES);
    for (let g = 0; g < this.#groups; g++) {
      const from = g * this.#stride * LANES;
      lines.set(this.#lines.subarray(from, from + kept), g * stride * LANES);
    }
    this.#lines = lines;
    this.#stride = stride;
  }
}
