import type { Stateful } from '../../core/state.js';
import { median } from '../dsp/statistics.js';

/** A wave that may be a heart beat's. */
export interface BeatCandidate {
  /** s */
  readonly time: number;
  /** How large or steep it is, in any unit. */
  readonly size: number;
  /** What is usual around it, in the same unit; 0 where it needn't stand out. */
  readonly around: number;
}

export interface BeatRules {
  /** No other beat comes before this, s. */
  readonly refractory_s: number;
  /** What comes up to here after a beat, s, and is smaller than this share of it is a late wave of the same beat. */
  readonly late_s: number;
  readonly late_share: number;
  /** Where between noise and beats the threshold lies. */
  readonly threshold_share: number;
  /** A beat that should have been is looked for again down to this share of the threshold. */
  readonly search_share: number;
}

/** The first threshold is the median of this many maxima, of a second each; the beats among them are told belatedly. */
const LEARN_S = 3;
/** Beats, intervals and waves of noise that the levels are medians of. */
const REMEMBERED = 8;
/** A beat stands out of the usual noise by this factor at least. */
const OUT_OF_NOISE = 1.5;
/** And, unless it has this share of the usual size, out of what is around it. */
const CLEAR_SHARE = 0.5;
const OUT_OF_AROUND = 1.4;
/** A beat that doesn't come for so many usual intervals is looked for again. */
const LATE_INTERVALS = 1.6;
/** What is so many times as large as a beat is an electrode that slips, unless it goes on for some time, s. */
const ARTEFACT = 8;
const LONGEST_ARTEFACT_S = 3;
/** After so long without a beat, s, longer than most pauses, the size that is expected halves each second. */
const SILENCE_S = 6;
/** Beyond this the past says nothing, s. */
const FORGOTTEN_S = 60;

export type BeatDecisionState = {
  readonly began: number;
  readonly first: readonly BeatCandidate[] | null;
  readonly sizes: readonly number[];
  readonly noises: readonly number[];
  readonly intervals: readonly number[];
  readonly passed: readonly BeatCandidate[];
  readonly held: readonly BeatCandidate[];
  readonly last: BeatCandidate | null;
};

/**
 * Tells beats among candidates, causally: by a threshold between the sizes of recent beats and of recent noise, from later waves
 * of the same beat by their size, and looked for again with a lower threshold where a beat should have been (Pan & Tompkins
 * 1985, doi:10.1109/TBME.1985.325532; Hamilton 2002, doi:10.1109/CIC.2002.1166717, whose medians these are).
 */
export class BeatDecision implements Stateful<BeatDecisionState> {
  readonly #rules: BeatRules;
  readonly #emit: (time: number) => void;
  #began = Number.NaN;
  /** Candidates of the time from which the first threshold is learnt; null afterwards. */
  #first: BeatCandidate[] | null = [];
  #sizes: number[] = [];
  #noises: number[] = [];
  #intervals: number[] = [];
  /** Candidates since the last beat that were too small. */
  #passed: BeatCandidate[] = [];
  /** Candidates that are too large for beats, as yet. */
  #held: BeatCandidate[] = [];
  #last: BeatCandidate | null = null;

  /** `emit` gets the time of each beat, s, in order. */
  constructor(rules: BeatRules, emit: (time: number) => void) {
    this.#rules = rules;
    this.#emit = emit;
  }

  /** `time`, s: of the sample that made `candidate` known, or that made none known. */
  push(candidate: BeatCandidate | null, time: number): void {
    if (Number.isNaN(this.#began)) this.#began = time;
    if (!this.#first) {
      if (candidate) this.#decide(candidate);
      return;
    }
    if (candidate) this.#first.push(candidate);
    if (time - this.#began >= LEARN_S) this.#learn();
  }

  /** Tells the beats that what comes next would have made certain, and forgets the past: at a gap, or at the end. */
  finish(candidate: BeatCandidate | null): void {
    if (this.#first) {
      if (candidate) this.#first.push(candidate);
      this.#learn();
    } else if (candidate) this.#decide(candidate);
    this.#began = Number.NaN;
    this.#first = [];
    this.#sizes = [];
    this.#noises = [];
    this.#intervals = [];
    this.#passed = [];
    this.#held = [];
    this.#last = null;
  }

  snapshot(): BeatDecisionState {
    return {
      began: this.#began,
      first: this.#first && [...this.#first],
      sizes: [...this.#sizes],
      noises: [...this.#noises],
      intervals: [...this.#intervals],
      passed: [...this.#passed],
      held: [...this.#held],
      last: this.#last,
    };
  }

  restore({ began, first, sizes, noises, intervals, passed, held, last }: BeatDecisionState): void {
    this.#began = began;
    this.#first = first && [...first];
    this.#sizes = [...sizes];
    this.#noises = [...noises];
    this.#intervals = [...intervals];
    this.#passed = [...passed];
    this.#held = [...held];
    this.#last = last;
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
    for (const candidate of first) this.#decide(candidate);
  }

  #decide(candidate: BeatCandidate, canBeArtefact = true): void {
    const { time, size } = candidate;
    this.#searchBefore(time);
    const since_s = this.#last ? time - this.#last.time : Number.POSITIVE_INFINITY;
    if (since_s < this.#rules.refractory_s) return;
    if (this.#isLateWave(candidate, this.#last) || this.#isLateWave(candidate, this.#held.at(-1))) return;
    const usual = this.#expected(0);
    const clear = standsOut(candidate);
    const expected = this.#expected(since_s);
    const artefact = size > ARTEFACT * (clear ? expected : usual);
    if (canBeArtefact && usual > 0 && artefact) this.#hold(candidate);
    else if (size > this.#threshold(expected) && (clear || size > CLEAR_SHARE * usual))
      this.#accept(candidate);
    else {
      remember(this.#noises, size);
      this.#passed.push(candidate);
      if (this.#passed.length > 4 * REMEMBERED) this.#passed.shift();
    }
  }

  #isLateWave({ time, size }: BeatCandidate, beat: BeatCandidate | null | undefined): boolean {
    const { late_s, late_share } = this.#rules;
    return !!beat && time - beat.time < late_s && size < late_share * beat.size;
  }

  /** What stays too large is the new size. */
  #hold(candidate: BeatCandidate): void {
    this.#held.push(candidate);
    if (candidate.time - this.#held[0].time < LONGEST_ARTEFACT_S) return;
    const held = this.#held;
    this.#held = [];
    this.#noises = [];
    this.#sizes = [median(held.map(({ size }) => size))];
    for (const each of held) this.#decide(each, false);
  }

  /** Size of a beat that comes so long after the last one. */
  #expected(since_s: number): number {
    const size = this.#sizes.length > 0 ? median(this.#sizes) : 0;
    const silent_s = since_s - SILENCE_S;
    return silent_s > 0 && silent_s < FORGOTTEN_S ? size * Math.exp(-Math.LN2 * silent_s) : size;
  }

  #noise(): number {
    return this.#noises.length > 0 ? median(this.#noises) : 0;
  }

  #threshold(expected: number, share = 1): number {
    const noise = this.#noise();
    return Math.max(share * (noise + this.#rules.threshold_share * (expected - noise)), OUT_OF_NOISE * noise);
  }

  /** Looks again for beats that should have come before `time`. */
  #searchBefore(time: number): void {
    while (this.#last && this.#intervals.length > 0) {
      const { time: from } = this.#last;
      if (time - from <= LATE_INTERVALS * median(this.#intervals)) return;
      let least = this.#threshold(this.#expected(time - from), this.#rules.search_share);
      let best: BeatCandidate | null = null;
      for (const candidate of this.#passed) {
        const { refractory_s } = this.#rules;
        const apart = candidate.time - from >= refractory_s && time - candidate.time >= refractory_s;
        if (!apart || candidate.size <= least || !standsOut(candidate)) continue;
        best = candidate;
        least = candidate.size;
      }
      if (!best) return;
      // It was no noise; and the size of beats has changed, so that it counts twice.
      const place = this.#noises.indexOf(best.size);
      if (place >= 0) this.#noises.splice(place, 1);
      remember(this.#sizes, best.size);
      this.#accept(best);
    }
  }

  #accept(beat: BeatCandidate): void {
    if (this.#last) remember(this.#intervals, beat.time - this.#last.time);
    remember(this.#sizes, beat.size);
    this.#passed = this.#passed.filter(({ time }) => time > beat.time);
    this.#held = [];
    this.#last = beat;
    this.#emit(beat.time);
  }
}

function standsOut({ size, around }: BeatCandidate): boolean {
  return size >= OUT_OF_AROUND * around;
}

function remember(values: number[], value: number): void {
  values.push(value);
  if (values.length > REMEMBERED) values.shift();
}
