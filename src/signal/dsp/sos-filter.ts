import fili from 'fili';
import type { Stateful } from '../../core/state.js';

/** One second-order section, a0 = 1: `y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] - a1 y[n-1] - a2 y[n-2]`. */
export interface Section {
  readonly b0: number;
  readonly b1: number;
  readonly b2: number;
  readonly a1: number;
  readonly a2: number;
}

/** Values kept for a section and channel: two delays. */
const DELAYS = 2;

/**
 * Butterworth low-pass or high-pass of any `order` (scipy's N) with the -3 dB point at `edge_hz`, as
 * second-order sections: the transfer function of `scipy.signal.butter(order, edge_hz, kind, fs=sfreq, output='sos')`.
 *
 * fili designs the conjugate pole pairs (its own `CalcCascades` counts biquads, so it knows even N only);
 * an odd order's real pole is the bilinear transform of 1 / (s + 1).
 */
export function designButterworth(
  kind: 'lowpass' | 'highpass',
  order: number,
  edge_hz: number,
  sfreq: number,
): Section[] {
  const sections: Section[] = [];
  const biquads = new fili.IirCoeffs();
  if (order % 2 === 1) {
    const w = Math.tan((Math.PI * edge_hz) / sfreq);
    const gain = (kind === 'lowpass' ? w : 1) / (1 + w);
    sections.push({ b0: gain, b1: kind === 'lowpass' ? gain : -gain, b2: 0, a1: (w - 1) / (w + 1), a2: 0 });
  }
  for (let pole = order % 2; pole < order; pole += 2) {
    const angle = (Math.PI * (pole + 1)) / (2 * order);
    const Q = 0.5 / (order % 2 === 1 ? Math.cos(angle) : Math.sin(angle));
    const { a, b } = biquads[kind]({ Fs: sfreq, Fc: edge_hz, Q });
    sections.push({ b0: b[0], b1: b[1], b2: b[2], a1: a[0], a2: a[1] });
  }
  return sections;
}

/** Gain at 0 Hz. */
function steadyGain(s: Section): number {
  return (s.b0 + s.b1 + s.b2) / (1 + s.a1 + s.a2);
}

/** How much later what lies around `at_hz` leaves the cascade than it came in, s. */
export function groupDelay_s(sections: readonly Section[], at_hz: number, sfreq: number): number {
  const step = 1e-4;
  const w = (2 * Math.PI * at_hz) / sfreq;
  let delay = 0;
  for (const { b0, b1, b2, a1, a2 } of sections) {
    const [above, below] = [w + step, w - step].map((v) => phaseOf(b0, b1, b2, v) - phaseOf(1, a1, a2, v));
    delay -= wrapped(above - below) / (2 * step);
  }
  return delay / sfreq;
}

function phaseOf(c0: number, c1: number, c2: number, w: number): number {
  return Math.atan2(-c1 * Math.sin(w) - c2 * Math.sin(2 * w), c0 + c1 * Math.cos(w) + c2 * Math.cos(2 * w));
}

function wrapped(angle: number): number {
  return angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
}

/** Filters many rows of samples at once. */
export interface RowFilter {
  /**
   * Filters `input` [rows, n] into `output` [rows, n] from the states `delays` [rows, section, 2] on, to the same bits as
   * {@link SosFilter.process}. A row with a sample that is not finite is left undone: 1 in `undone` [rows], its delays as
   * they were, its output undefined.
   */
  process(
    sections: readonly Section[],
    delays: Float64Array,
    input: Float64Array,
    output: Float64Array,
    n: number,
    undone: Uint8Array,
  ): void;
}

export type SosFilterState = { readonly delays: Float64Array; readonly fresh: Uint8Array };

/**
 * Cascade of second-order sections over several channels, transposed direct form II in float64
 * (the recursion of `scipy.signal.sosfilt`). Each channel starts, and after {@link restart} starts anew, from the
 * steady state of its first sample (`sosfilt_zi(sos) * x[0]`), so that an offset causes no transient.
 */
export class SosFilter implements Stateful<SosFilterState> {
  readonly #sections: readonly Section[];
  /** [section, 2]: delays for a steady input of 1. */
  readonly #steady: Float64Array;
  /** [channel, section, 2]. */
  readonly #delays: Float64Array;
  readonly #fresh: Uint8Array;
  readonly #sample = new Float64Array(1);

  constructor(sections: readonly Section[], channels: number) {
    this.#sections = sections;
    this.#steady = new Float64Array(sections.length * DELAYS);
    this.#delays = new Float64Array(channels * sections.length * DELAYS);
    this.#fresh = new Uint8Array(channels).fill(1);
    let level = 1;
    for (const [i, s] of sections.entries()) {
      const out = steadyGain(s);
      const second = s.b2 - s.a2 * out;
      this.#steady[i * DELAYS] = (s.b1 - s.a1 * out + second) * level;
      this.#steady[i * DELAYS + 1] = second * level;
      level *= out;
    }
  }

  /** The next sample of `channel` is taken as its first. */
  restart(channel: number): void {
    this.#fresh[channel] = 1;
  }

  /**
   * Filters the `n` samples, one or more, of all channels of `input` [channels, n] into `output` by `rows`, to the same
   * bits as {@link process}. A channel with a sample that is not finite is left as it was: 1 in `undone` [channels].
   */
  processAll(
    rows: RowFilter,
    input: Float64Array,
    output: Float64Array,
    n: number,
    undone: Uint8Array,
  ): void {
    const fresh = this.#fresh;
    for (let c = 0; c < fresh.length; c++) if (fresh[c]) this.#begin(c, input[c * n]);
    rows.process(this.#sections, this.#delays, input, output, n, undone);
    for (let c = 0; c < fresh.length; c++) if (!undone[c]) fresh[c] = 0;
  }

  /** Delays as if every sample before had been `first`. */
  #begin(channel: number, first: number): void {
    const base = channel * this.#steady.length;
    for (let i = 0; i < this.#steady.length; i++) this.#delays[base + i] = this.#steady[i] * first;
  }

  /**
   * Filters samples `from` (inclusive) to `to` (exclusive) of `input` into the same places of `output`;
   * both may be the same array. The samples must be finite.
   */
  process(channel: number, input: Float64Array, output: Float64Array, from: number, to: number): void {
    if (to <= from) return;
    const sections = this.#sections;
    const delays = this.#delays;
    const base = channel * sections.length * DELAYS;
    if (this.#fresh[channel]) {
      this.#fresh[channel] = 0;
      this.#begin(channel, input[from]);
    }
    let i = 0;
    let source = input;
    // Two sections a pass: their recursions are independent of each other within a sample, which keeps the processor busy.
    for (; i + 1 < sections.length; i += 2) {
      const at = base + i * DELAYS;
      runPair(sections[i], sections[i + 1], delays, at, source, output, from, to);
      source = output;
    }
    if (i < sections.length) runSingle(sections[i], delays, base + i * DELAYS, source, output, from, to);
    else if (sections.length === 0 && input !== output) output.set(input.subarray(from, to), from);
  }

  /** Filters the one sample `x`, which must be finite. */
  processOne(channel: number, x: number): number {
    this.#sample[0] = x;
    this.process(channel, this.#sample, this.#sample, 0, 1);
    return this.#sample[0];
  }

  snapshot(): SosFilterState {
    return { delays: this.#delays.slice(), fresh: this.#fresh.slice() };
  }

  restore({ delays, fresh }: SosFilterState): void {
    this.#delays.set(delays);
    this.#fresh.set(fresh);
  }
}

function runSingle(
  s: Section,
  delays: Float64Array,
  at: number,
  input: Float64Array,
  output: Float64Array,
  from: number,
  to: number,
): void {
  const { b0, b1, b2, a1, a2 } = s;
  let d1 = delays[at];
  let d2 = delays[at + 1];
  for (let n = from; n < to; n++) {
    const x = input[n];
    const y = b0 * x + d1;
    d1 = b1 * x + d2 - a1 * y;
    d2 = b2 * x - a2 * y;
    output[n] = y;
  }
  delays[at] = d1;
  delays[at + 1] = d2;
}

function runPair(
  s: Section,
  t: Section,
  delays: Float64Array,
  at: number,
  input: Float64Array,
  output: Float64Array,
  from: number,
  to: number,
): void {
  const { b0, b1, b2, a1, a2 } = s;
  const { b0: c0, b1: c1, b2: c2, a1: e1, a2: e2 } = t;
  let d1 = delays[at];
  let d2 = delays[at + 1];
  let f1 = delays[at + 2];
  let f2 = delays[at + 3];
  for (let n = from; n < to; n++) {
    const x = input[n];
    const y = b0 * x + d1;
    d1 = b1 * x + d2 - a1 * y;
    d2 = b2 * x - a2 * y;
    const z = c0 * y + f1;
    f1 = c1 * y + f2 - e1 * z;
    f2 = c2 * y - e2 * z;
    output[n] = z;
  }
  delays[at] = d1;
  delays[at + 1] = d2;
  delays[at + 2] = f1;
  delays[at + 3] = f2;
}
