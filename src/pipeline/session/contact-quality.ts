import type { Seconds } from '../../core/clock.js';
import { type Chunk, type StreamInfo, TIME_TOLERANCE_S } from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';
import { canonicalLabels } from '../../signal/montage/labels.js';

/** How a headset grades an electrode's contact, and what of it is 1 (good) or 0 (none). */
interface Scale {
  /** Of the stream's name, or of the beginning of its labels. */
  readonly stream: RegExp;
  readonly label: RegExp;
  share(value: number): number;
}

const scales: readonly Scale[] = [
  // Emotiv's Contact-Quality and EEG-Quality streams (Cortex): 0 none, 1 very bad, 2 poor, 3 fair, 4 good.
  { stream: /(contact|eeg)[-_ ]?quality/i, label: /^(CQ|EQ)[-_. ]/i, share: (value) => value / 4 },
  // Muse's horseshoe: 1 good, 2 middling, 3 and 4 bad.
  { stream: /horseshoe|^hsi/i, label: /^HSI[-_. ]/i, share: (value) => (3 - value) / 2 },
  { stream: /is[-_ ]?good/i, label: /^is[-_ ]?good[-_. ]/i, share: (value) => value },
];

/** What is older says nothing of now, s. */
const KEPT_S = 5;

export interface Grades {
  readonly time: Seconds;
  /** [channels] shares; NaN where untold. */
  readonly shares: Float64Array;
}

/** What a headset tells of its electrodes in a stream of their contact's quality. */
export class ContactQuality implements Stateful<readonly Grades[]> {
  readonly #labels: readonly string[];
  readonly #scale: Scale;
  #grades: Grades[] = [];

  private constructor(
    readonly info: StreamInfo,
    scale: Scale,
  ) {
    this.#scale = scale;
    this.#labels = canonicalLabels(info.channels.map(({ label }) => label.replace(scale.label, '')));
  }

  /** Null for streams that tell no contact quality. */
  static of(info: StreamInfo): ContactQuality | null {
    if (info.type !== 'Other') return null;
    const scale = scales.find(
      ({ stream, label }) =>
        stream.test(info.name) || info.channels.some((channel) => label.test(channel.label)),
    );
    return scale ? new ContactQuality(info, scale) : null;
  }

  push({ data, times }: Chunk): void {
    const n = times.length;
    times.forEach((time, i) => {
      const shares = Float64Array.from(this.#labels, (_, c) => this.#scale.share(data[c * n + i]));
      this.#grades.push({ time, shares: shares.map((share) => Math.min(1, Math.max(0, share))) });
    });
  }

  /** 0 (none) to 1 (good) by canonical label, as told last before `time`; samples from then on stay for later. */
  at(time: Seconds): ReadonlyMap<string, number> {
    const due = this.#grades.findLastIndex((grades) => grades.time < time - TIME_TOLERANCE_S);
    if (due > 0) this.#grades = this.#grades.slice(due);
    const latest = this.#grades[0];
    if (due < 0 || time - latest.time > KEPT_S) return new Map();
    return new Map(
      this.#labels.flatMap((label, c) => {
        const share = latest.shares[c];
        return label === '' || Number.isNaN(share) ? [] : [[label, share] as const];
      }),
    );
  }

  snapshot(): readonly Grades[] {
    return [...this.#grades];
  }

  restore(grades: readonly Grades[]): void {
    this.#grades = [...grades];
  }
}
