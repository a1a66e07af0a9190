import { median } from './statistics.js';
import { type SteepnessPeak, SteepnessPeaks, type SteepnessShape } from './steepness-peaks.js';

/** QRS complexes, those of ventricular beats too, whose power reaches further down. */
const shape: SteepnessShape = {
  low_hz: 7,
  high_hz: 20,
  middle_hz: 11,
  steep_s: 0.1,
  deflection_s: [-0.14, 0.08],
  deflection_hz: 30,
};
/** No other beat comes before this, s. */
const REFRACTORY_S = 0.25;
/** What comes up to here, s, and is less than this share as steep as its beat is that beat's T wave. */
const LATE_S = 0.4;
const LATE_SHARE = 0.4;
/** Below this rate there is no room for the band, Hz. */
export const SLOWEST_QRS_HZ = 24;

/** The first threshold is the median of this many maxima, of a second each; the beats among them are told belatedly. */
const LEARN_S = 3;
/** Beats, intervals and peaks of noise that the levels are medians of. */
const REMEMBERED = 8;
/** Where between noise and beats the threshold lies. */
const THRESHOLD_SHARE = 0.3;
/** A beat stands out of the noise by this factor at least. */
const OUT_OF_NOISE = 1.5;
/** A beat that doesn't come for so many usual intervals is looked for again, down to this share of the threshold. */
const LATE_INTERVALS = 1.6;
const SEARCH_SHARE = 0.7;
/** What is so many times as steep as a beat is an electrode that slips, unless it goes on for some time, s. */
const ARTEFACT = 6;
const LONGEST_ARTEFACT_S = 3;
/** After so long without a beat, s, the size that is expected halves each second. */
const SILENCE_S = 2.5;

/**
 * Causal detector of heart beats in an electrocardiogram, one channel: peaks of the steepness of the band-passed signal, told from noise by a
 * threshold between the sizes of recent beats and of recent noise, from later waves of the same beat by their size, and
 * looked for again with a lower threshold where a beat should have been (Pan & Tompkins 1985,
 * doi:10.1109/TBME.1985.325532; Hamilton 2002, doi:10.1109/CIC.2002.1166717, whose medians these are). No change of
 * polarity moves a beat. It is known 0.3 s after it happened; during the first 3 s, and where it was looked for again, later.
 */
export class QrsDetector {
  readonly #emit: (time: number) => void;
  readonly #peaks: SteepnessPeaks;
  #began = Number.NaN;
  /** Peaks of the time from which the first threshold is learnt; null afterwards. */
  #first: SteepnessPeak[] | null = [];
  #sizes: number[] = [];
  #noises: number[] = [];
  #intervals: number[] = [];
  /** Peaks since the last beat that were too small. */
  #passed: SteepnessPeak[] = [];
  #last: SteepnessPeak | null = null;
  #artefactSince = Number.NaN;

  /** `sfreq`, Hz: at least {@link SLOWEST_QRS_HZ}. `emit` gets the time of each beat, s, in order. */
  constructor(sfreq: number, emit: (time: number) => void) {
    this.#emit = emit;
    this.#peaks = new SteepnessPeaks(shape, sfreq);
  }

  /** Takes a sample: `x` finite, `time` in s. */
  push(x: number, time: number): void {
    if (Number.isNaN(this.#began)) this.#began = time;
    const peak = this.#peaks.push(x, time);
    if (this.#first) {
      if (peak) this.#first.push(peak);
      if (time - this.#began >= LEARN_S) this.#learn();
    } else if (peak) this.#decide(peak);
  }

  /** Tells the beats that what comes next would have made certain, and forgets the past: at a gap, or at the end. */
  finish(): void {
    const peak = this.#peaks.finish();
    this.#peaks.restart();
    if (this.#first) {
      if (peak) this.#first.push(peak);
      this.#learn();
    } else if (peak) this.#decide(peak);
    this.#began = Number.NaN;
    this.#first = [];
    this.#sizes = [];
    this.#noises = [];
    this.#intervals = [];
    this.#passed = [];
    this.#last = null;
    this.#artefactSince = Number.NaN;
  }

  #learn(): void {
    const first = this.#first!;
    this.#first = null;
    const maxima: number[] = [];
    for (const { time, size } of first) {
      const second = Math.max(0, Math.floor(time - this.#began));
      maxima[second] = Math.max(maxima[second] ?? 0, size);
    }
    const known = maxima.filter((size) => size > 0);
    if (known.length > 0) this.#sizes = [median(known)];
    for (const peak of first) this.#decide(peak);
  }

  #decide(peak: SteepnessPeak): void {
    this.#searchBefore(peak.time);
    const last = this.#last;
    const since_s = last ? peak.time - last.time : Number.POSITIVE_INFINITY;
    if (since_s < REFRACTORY_S || (since_s < LATE_S && peak.size < LATE_SHARE * last!.size)) return;
    const expected = this.#expected(since_s);
    if (this.#sizes.length > 0 && peak.size > ARTEFACT * expected) {
      if (Number.isNaN(this.#artefactSince)) this.#artefactSince = peak.time;
      if (peak.time - this.#artefactSince < LONGEST_ARTEFACT_S) return;
      this.#sizes = [];
    }
    if (peak.size > this.#threshold(expected)) {
      this.#artefactSince = Number.NaN;
      this.#accept(peak);
    } else {
      remember(this.#noises, peak.size);
      this.#passed.push(peak);
      if (this.#passed.length > 4 * REMEMBERED) this.#passed.shift();
    }
  }

  #expected(since_s: number): number {
    const size = this.#sizes.length > 0 ? median(this.#sizes) : 0;
    return since_s > SILENCE_S && since_s < 60 ? size * Math.exp(-Math.LN2 * (since_s - SILENCE_S)) : size;
  }

  #threshold(expected: number): number {
    const noise = this.#noises.length > 0 ? median(this.#noises) : 0;
    return Math.max(noise + THRESHOLD_SHARE * (expected - noise), OUT_OF_NOISE * noise);
  }

  /** Looks again for beats that should have come before `time`. */
  #searchBefore(time: number): void {
    while (this.#last && this.#intervals.length > 0) {
      const { time: from } = this.#last;
      if (time - from <= LATE_INTERVALS * median(this.#intervals)) return;
      const noise = this.#noises.length > 0 ? median(this.#noises) : 0;
      const least = Math.max(SEARCH_SHARE * this.#threshold(this.#expected(0)), OUT_OF_NOISE * noise);
      let best: SteepnessPeak | null = null;
      for (const peak of this.#passed) {
        const apart = peak.time - from >= REFRACTORY_S && time - peak.time >= REFRACTORY_S;
        if (apart && peak.size > Math.max(least, best?.size ?? 0)) best = peak;
      }
      if (!best) return;
      this.#accept(best);
    }
  }

  #accept(beat: SteepnessPeak): void {
    if (this.#last) remember(this.#intervals, beat.time - this.#last.time);
    remember(this.#sizes, beat.size);
    this.#passed = this.#passed.filter(({ time }) => time > beat.time);
    this.#last = beat;
    this.#emit(beat.time);
  }
}

function remember(values: number[], value: number): void {
  values.push(value);
  if (values.length > REMEMBERED) values.shift();
}
