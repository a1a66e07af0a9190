import type { Stateful } from '../../../core/state.js';
import { type GazeEvent, type GazeEventKind, LOOK_AHEAD_S, SampleLabel } from './gaze-event.js';

/** Thresholds of the detector; the defaults serve video eye trackers from 120 to 1200 Hz. */
export const gazeEventDefaults = {
  /**
   * Speed beyond the slow movement that a saccade's peak exceeds, deg/s: `peakDeviations` deviations beyond the median
   * speed, but at least and at most so much; where `noisyDeviations` are more than the most, they rule.
   */
  peakLeast: 24,
  peakMost: 70,
  peakDeviations: 8,
  noisyDeviations: 3.5,
  /** The same for its edges; they lie no higher than 0.6 of the peak's. */
  edgeDeviations: 3.5,
  edgeLeast: 20,
  /** Share of the peak below which a minimum of speed ends the saccade: what follows is the glissade. */
  turnShare: 0.25,
  saccadeLeast_s: 0.01,
  glissadeMost_s: 0.04,
  fixationLeast_s: 0.05,
  /**
   * Slow movement over a span of time: a fixation's end lies `fixationDrift` degrees from its start, however long the
   * span; pursuit goes on at `pursuitSpeed`, deg/s. Both are medians, with `slowSpread` as the logarithm's deviation.
   */
  fixationDrift: 0.34,
  pursuitSpeed: 4.5,
  slowSpread: 0.6,
  /** How long it takes to learn how much pursuit there is, and how much that may move the odds (their logarithm). */
  habit_s: 1.5,
  habitMost: 2,
  /** Slow movement before a sample that its class rests on, besides the look-ahead, at most, s. */
  slowSpan_s: 0.35,
  /** The same for what speaks for pursuit that begins out of a fixation, s. */
  changeSpan_s: 0.15,
  /** Log odds by which slow movement must speak against its class to change it midway. */
  changeEvidence: 1,
  /** Pursuit may go on beneath a saccade up to this amplitude, deg. */
  catchUpMost: 1.5,
  blinkLeast_s: 0.05,
  blinkMost_s: 0.5,
} as const;
export type GazeEventParameters = { readonly [key in keyof typeof gazeEventDefaults]: number };

const NOISE_SIZE = 80;
const NOISE_STEP_S = 0.008;
/** Samples of noise below which the thresholds are the largest ones. */
const NOISE_LEAST = 20;
/** Samples of noise after which the thresholds are set anew. */
const NOISE_NEWS = 40;
/** Stretch whose mean velocity is taken for the slow movement under a saccade, its least length, and its distance from the saccade, s. */
const DRIFT_S = 0.06;
const DRIFT_LEAST_S = 0.03;
const DRIFT_GUARD_S = 0.012;
/** Eyes don't follow anything faster, deg/s. */
const DRIFT_MOST = 40;
/** Half the stretch that velocity is taken over, s: 2 samples at 500 Hz. */
const VELOCITY_HALF_S = 0.004;
/**
 * Below this rate velocity is taken between neighbouring samples: a saccade is over in one or two of them, and a longer
 * stretch would smear it over its neighbours, Hz.
 */
const SPARSE_RATE_HZ = 50;
/** A shorter loss has no edges: the tracker missed a few samples. */
const LOSS_LEAST_S = 0.016;
/** Valid samples between two losses count as lost up to this length (Hershman et al. 2018). */
const ISLAND_S = 0.015;
/** A lid takes at most this long to hide the pupil and to bare it, s. */
const CLOSING_S = 0.08;
const OPENING_S = 0.14;
/** Pupil size is smoothed over this time to find where it stops to fall or rise (Hershman et al. 2018), s. */
const LID_SMOOTHING_S = 0.01;
/** A step between neighbouring means of pupil size below this share of it is noise. */
const LID_NOISE = 0.01;
/**
 * A lid that gathers speed evenly from rest hides the first or last 5 to 10 ms in that noise, one that moves at one speed
 * hardly any: so much of its movement is taken to lie before the samples that show it, and after them, s.
 */
const LID_REST_S = 0.005;
/**
 * Gaze sinks before the lid reaches the pupil, and comes up after it has left it, for at most this long, s. Saccades take
 * longer (21 ms and more, Carpenter 1988).
 */
const LID_FOLLOWS_S = 0.017;
/** A blink of which the tracker sent no samples shows the lid for so long at its edges, s. */
const LID_SEEN_S = 0.04;
const LID_LEAD = 0.6;
/** Below this rate a saccade is over before its speed can be told from the lid's. */
const LEAST_RATE_HZ = 200;
const DECISION_S = 0.016;
const SLOW_POINT_S = 0.01;
/** Shorter stretches say too little on how much pursuit there is, s. */
const HABIT_LEAST_S = 0.15;
/** Over short spans fixations drift as fast as pursuit goes: some difference stays, so that the odds count; deg/s. */
const MOST_ALIKE = 0.3;
const LEAST_SPEED = 0.01;
/** Noise is not white: what is left about a line tells its slope's error only to this factor of the square. */
const NOISE_WEIGHT = 3;
/** A saccade that catches up takes at most this long, glissade included, s. */
const CATCH_UP_S = 0.1;

export type GazeEventDetectorState = {
  readonly time: Float64Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly pupil: Float64Array;
  readonly speed: Float64Array;
  readonly label: Uint8Array;
  readonly skipped: Uint8Array;
  readonly noise: Float64Array;
  readonly noiseCount: number;
  readonly peakThreshold: number;
  readonly edgeThreshold: number;
  readonly n: number;
  readonly final: number;
  readonly onset: number;
  readonly peak: number;
  readonly lowest: number;
  readonly lowestAt: number;
  readonly lastEnd: number;
  readonly lastPeak: number;
  readonly slowFrom: number;
  readonly lossFrom: number;
  readonly lossEnd: number;
  readonly opening: boolean;
  readonly lidEnd: number;
  readonly classified: SampleLabel;
  readonly classifiedAt: number;
  readonly nextDecision: number;
  readonly slowEnd: number;
  readonly trendStart: number;
  readonly wasSlow: boolean;
  readonly pursuitShare: number;
  readonly afterLoss: boolean;
  readonly hasPupil: boolean;
  readonly run: RunState | null;
};

/**
 * Fixations, saccades, pursuit and blinks in one stream of gaze in degrees, causal: a sample's label depends on
 * nothing later than {@link LOOK_AHEAD_S} after it, and events are told once they have ended and that time has passed.
 *
 * Saccades are peaks of speed beyond the slow movement before them, with thresholds that follow the noise (after
 * Nystroem & Holmqvist 2010), from where the speed leaves the noise to the first minimum after the peak; what follows
 * is the glissade. Slow movement is pursuit where a line through it is steep, judged by how much pursuit there has been
 * lately. Blinks are losses of the pupil, extended to where its size stops to fall and rise (Hershman et al. 2018).
 */
export class GazeEventDetector implements Stateful<GazeEventDetectorState> {
  readonly #half: number;
  /** Samples after its own that a velocity rests on. */
  readonly #lag: number;
  readonly #isSparse: boolean;
  /** Samples over which the pupil's size is smoothed. */
  readonly #lidWidth: number;
  /** What a sum of differences becomes a velocity by, 1/s. */
  readonly #perStep: number;
  readonly #driftGuard: number;
  readonly #driftSpan: number;
  readonly #driftLeast: number;
  readonly #noiseStep: number;
  readonly #decisionStep: number;
  readonly #pointStep: number;
  readonly #delay: number;
  readonly #mask: number;
  readonly #time: Float64Array;
  readonly #x: Float64Array;
  readonly #y: Float64Array;
  readonly #pupil: Float64Array;
  readonly #speed: Float64Array;
  readonly #label: Uint8Array;
  /** 1 where no sample came. */
  readonly #skipped: Uint8Array;
  readonly #noise = new Float64Array(NOISE_SIZE);
  readonly #sorted = new Float64Array(NOISE_SIZE);
  #noiseCount = 0;
  #peakThreshold: number;
  #edgeThreshold: number;
  /** Samples pushed since the start or the last gap; the index of the next one. */
  #n = 0;
  /** First index that is not finalised. */
  #final = 0;
  /** Saccade that is being followed: its first sample, its peak so far, its slowest sample since. */
  #onset = -1;
  #peak = 0;
  #lowest = Number.POSITIVE_INFINITY;
  #lowestAt = 0;
  /** Where the last saccade ended and its peak. */
  #lastEnd = Number.NEGATIVE_INFINITY;
  #lastPeak = 0;
  /** First index of the slow movement that goes on. */
  #slowFrom = 0;
  #lossFrom = -1;
  #lossEnd = Number.NEGATIVE_INFINITY;
  #opening = false;
  /** First sample after the lid had last come up. */
  #lidEnd = Number.NEGATIVE_INFINITY;
  #classified: SampleLabel = SampleLabel.fixation;
  #classifiedAt = Number.NEGATIVE_INFINITY;
  /** Index of the next slow sample at which its class is judged. */
  #nextDecision = 0;
  #slowEnd = Number.NEGATIVE_INFINITY;
  /** First index of the slow movements that catch-up saccades may connect. */
  #trendStart = 0;
  #wasSlow = false;
  /** Share of slow movement that lately was pursuit. */
  #pursuitShare = 0.4;
  #run: Run | null = null;
  #afterLoss = true;
  /** Whether a pupil was ever seen; without one a loss of gaze is all that tells a blink. */
  #hasPupil = false;

  /**
   * @param sfreq rate, Hz.
   * @param emit gets every event, in order of its end.
   */
  constructor(
    readonly sfreq: number,
    readonly emit: (event: GazeEvent) => void,
    readonly params: GazeEventParameters = gazeEventDefaults,
  ) {
    this.#half = Math.max(1, Math.round(VELOCITY_HALF_S * sfreq));
    this.#perStep = sfreq / (this.#half * (this.#half + 1));
    this.#driftGuard = this.#samples(DRIFT_GUARD_S);
    this.#driftSpan = this.#samples(DRIFT_S);
    this.#driftLeast = DRIFT_LEAST_S * sfreq;
    this.#noiseStep = this.#samples(NOISE_STEP_S);
    this.#decisionStep = this.#samples(DECISION_S);
    this.#pointStep = this.#samples(SLOW_POINT_S);
    this.#isSparse = sfreq < SPARSE_RATE_HZ;
    this.#lidWidth = this.#samples(LID_SMOOTHING_S);
    this.#lag = this.#isSparse ? 0 : this.#half;
    this.#delay = Math.max(this.#half + 1, Math.floor(LOOK_AHEAD_S * sfreq + 1e-9));
    let size = 64;
    while (size < (LOOK_AHEAD_S + params.slowSpan_s + 0.2) * sfreq) size *= 2;
    this.#mask = size - 1;
    this.#time = new Float64Array(size);
    this.#x = new Float64Array(size);
    this.#y = new Float64Array(size);
    this.#pupil = new Float64Array(size);
    this.#speed = new Float64Array(size);
    this.#label = new Uint8Array(size);
    this.#skipped = new Uint8Array(size);
    this.#peakThreshold = (params.peakLeast + params.peakMost) / 2;
    this.#edgeThreshold = this.#peakThreshold / 2;
  }

  /**
   * Counts `count` samples that never came, between the last one and the next. They are a blink only where the lid was
   * seen to move before or after them.
   */
  skip(count: number): void {
    const last = this.#n > 0 ? this.#time[(this.#n - 1) & this.#mask] : 0;
    for (let k = 1; k <= count; k++) {
      this.#skipped[this.#n & this.#mask] = 1;
      this.#take(last + k / this.sfreq, Number.NaN, Number.NaN, Number.NaN);
    }
  }

  /** Takes a sample: gaze in degrees and the size of the pupil; NaN or 0 where it is lost. */
  push(time: number, x: number, y: number, pupil: number): void {
    this.#skipped[this.#n & this.#mask] = 0;
    this.#take(time, x, y, pupil);
  }

  /** Takes samples, one for each stamp of `times`, as {@link push} does. */
  pushAll(times: Float64Array, x: Float64Array, y: Float64Array, pupil: Float64Array): void {
    for (let k = 0; k < times.length; k++) {
      const i = this.#n & this.#mask;
      this.#skipped[i] = 0;
      this.#time[i] = times[k];
      this.#x[i] = x[k];
      this.#y[i] = y[k];
      this.#pupil[i] = pupil[k];
      this.#follow();
    }
  }

  #take(time: number, x: number, y: number, pupil: number): void {
    const i = this.#n & this.#mask;
    this.#time[i] = time;
    this.#x[i] = x;
    this.#y[i] = y;
    this.#pupil[i] = pupil;
    this.#follow();
  }

  /** Follows the sample that has come in. */
  #follow(): void {
    const n = this.#n++;
    const i = n & this.#mask;
    const hasSize = this.#pupil[i] > 0;
    if (hasSize) this.#hasPupil = true;
    const x = this.#x[i];
    const y = this.#y[i];
    const lost = x - x !== 0 || y - y !== 0 || (this.#hasPupil && !hasSize);
    if (lost) {
      this.#x[i] = Number.NaN;
      this.#y[i] = Number.NaN;
    }
    this.#speed[i] = Number.NaN;
    this.#label[i] = SampleLabel.slow;
    this.#followLoss(n, lost);
    const centre = n - this.#lag;
    if (centre >= this.#half) this.#followSaccade(centre);
    if (n - this.#delay >= this.#final) this.#finalise(this.#final++);
  }

  /** Tells what has not ended and forgets the samples: before a gap or at the end of a stream. */
  finish(): void {
    while (this.#final < this.#n) this.#finalise(this.#final++);
    if (this.#n > 0) this.#close(this.#time[(this.#n - 1) & this.#mask] + 1 / this.sfreq);
    this.#n = 0;
    this.#final = 0;
    this.#onset = -1;
    this.#lastEnd = Number.NEGATIVE_INFINITY;
    this.#slowFrom = 0;
    this.#lossFrom = -1;
    this.#lossEnd = Number.NEGATIVE_INFINITY;
    this.#opening = false;
    this.#lidEnd = Number.NEGATIVE_INFINITY;
    this.#wasSlow = false;
    this.#slowEnd = Number.NEGATIVE_INFINITY;
    this.#afterLoss = true;
  }

  snapshot(): GazeEventDetectorState {
    return {
      time: this.#time.slice(),
      x: this.#x.slice(),
      y: this.#y.slice(),
      pupil: this.#pupil.slice(),
      speed: this.#speed.slice(),
      label: this.#label.slice(),
      skipped: this.#skipped.slice(),
      noise: this.#noise.slice(),
      noiseCount: this.#noiseCount,
      peakThreshold: this.#peakThreshold,
      edgeThreshold: this.#edgeThreshold,
      n: this.#n,
      final: this.#final,
      onset: this.#onset,
      peak: this.#peak,
      lowest: this.#lowest,
      lowestAt: this.#lowestAt,
      lastEnd: this.#lastEnd,
      lastPeak: this.#lastPeak,
      slowFrom: this.#slowFrom,
      lossFrom: this.#lossFrom,
      lossEnd: this.#lossEnd,
      opening: this.#opening,
      lidEnd: this.#lidEnd,
      classified: this.#classified,
      classifiedAt: this.#classifiedAt,
      nextDecision: this.#nextDecision,
      slowEnd: this.#slowEnd,
      trendStart: this.#trendStart,
      wasSlow: this.#wasSlow,
      pursuitShare: this.#pursuitShare,
      afterLoss: this.#afterLoss,
      hasPupil: this.#hasPupil,
      run: this.#run?.snapshot() ?? null,
    };
  }

  restore(state: GazeEventDetectorState): void {
    this.#time.set(state.time);
    this.#x.set(state.x);
    this.#y.set(state.y);
    this.#pupil.set(state.pupil);
    this.#speed.set(state.speed);
    this.#label.set(state.label);
    this.#skipped.set(state.skipped);
    this.#noise.set(state.noise);
    this.#noiseCount = state.noiseCount;
    this.#peakThreshold = state.peakThreshold;
    this.#edgeThreshold = state.edgeThreshold;
    this.#n = state.n;
    this.#final = state.final;
    this.#onset = state.onset;
    this.#peak = state.peak;
    this.#lowest = state.lowest;
    this.#lowestAt = state.lowestAt;
    this.#lastEnd = state.lastEnd;
    this.#lastPeak = state.lastPeak;
    this.#slowFrom = state.slowFrom;
    this.#lossFrom = state.lossFrom;
    this.#lossEnd = state.lossEnd;
    this.#opening = state.opening;
    this.#lidEnd = state.lidEnd;
    this.#classified = state.classified;
    this.#classifiedAt = state.classifiedAt;
    this.#nextDecision = state.nextDecision;
    this.#slowEnd = state.slowEnd;
    this.#trendStart = state.trendStart;
    this.#wasSlow = state.wasSlow;
    this.#pursuitShare = state.pursuitShare;
    this.#afterLoss = state.afterLoss;
    this.#hasPupil = state.hasPupil;
    this.#run = state.run && Run.restored(state.run);
  }

  #samples(span_s: number): number {
    return Math.max(1, Math.round(span_s * this.sfreq));
  }

  #mark(from: number, to: number, label: SampleLabel): void {
    for (let k = Math.max(from, this.#final, 0); k < to; k++) this.#label[k & this.#mask] = label;
  }

  #followLoss(n: number, lost: boolean): void {
    if (lost) {
      if (this.#lossFrom < 0) {
        this.#lossFrom = n;
        // A short island between two losses, or a lid that had not come up.
        if (this.#opening || n - this.#lossEnd <= ISLAND_S * this.sfreq) {
          this.#mark(this.#lossEnd, n, SampleLabel.lost);
        }
      }
      this.#abandonSaccade();
      this.#label[n & this.#mask] = SampleLabel.lost;
      if (n + 1 - this.#lossFrom === this.#samples(LOSS_LEAST_S)) this.#extendBack(this.#lossFrom);
      return;
    }
    if (this.#lossFrom >= 0) {
      this.#opening = n - this.#lossFrom >= this.#samples(LOSS_LEAST_S);
      this.#lossEnd = n;
      this.#lossFrom = -1;
    }
    if (!this.#opening) return;
    if (n - this.#lossEnd <= OPENING_S * this.sfreq && this.#lidMoves(n, this.#lossEnd, 1))
      this.#label[n & this.#mask] = SampleLabel.lost;
    else {
      this.#opening = false;
      // Two neighbouring means stop to differ one and a half widths after the lid stopped.
      const late = Math.round(1.5 * this.#lidWidth - 0.5);
      const end = Math.max(this.#lossEnd, n - (this.#hasPupil ? late : 0));
      this.#mark(end, n, SampleLabel.slow);
      this.#slowFrom = n;
      this.#lidEnd = end;
    }
  }

  /** Relabels the samples before a loss over which the lid came down. */
  #extendBack(from: number): void {
    const isSingle = this.#lidWidth === 1;
    const earliest = Math.max(this.#final, from - this.#samples(CLOSING_S) - (isSingle ? 1 : 0), 0);
    let k = from;
    while (k > earliest && this.#lidMoves(k - 1, from, -1)) k--;
    // Two neighbouring means begin to differ about half a width before the lid moves, single samples one before.
    const lead = isSingle ? 1 : Math.floor(LID_LEAD * this.#lidWidth);
    if (this.#hasPupil) k = Math.min(from, k + lead);
    // What moved fast until the loss was the lid, not the eye.
    let fast = k;
    while (fast > earliest && this.#speed[(fast - 1) & this.#mask] > this.#edgeThreshold) fast--;
    k = isSingle ? this.#sinksFrom(fast, k) : fast;
    this.#mark(k, from, SampleLabel.lost);
  }

  /**
   * First sample that sank with the lid, where speed is high from `fast` on and the pupil shrinks from `edge` on. A longer
   * movement is a saccade, of which samples are taken back whose velocity rests on later ones that the lid moved.
   */
  #sinksFrom(fast: number, edge: number): number {
    if (edge - fast <= this.#lag + Math.floor(LID_FOLLOWS_S * this.sfreq)) {
      const first = Math.min(edge, fast + this.#lag);
      this.#mark(fast, first, SampleLabel.slow);
      return first;
    }
    const from = edge - this.#lag;
    if (this.#label[(from - 1) & this.#mask] !== SampleLabel.saccade)
      this.#mark(from, edge, SampleLabel.slow);
    return edge;
  }

  /** Whether the lid moves at sample `k`: pupil size changes towards (-1) or away from (1) the loss at `edge`. */
  #lidMoves(k: number, edge: number, direction: 1 | -1): boolean {
    const width = this.#lidWidth;
    if (!this.#hasPupil) return Math.abs(k - edge) < width;
    if (Math.abs(k - edge) < width) return true;
    const tells = direction === 1 && this.sfreq >= LEAST_RATE_HZ;
    if (tells && this.#speed[(k - this.#lag - 1) & this.#mask] > 2 * this.#edgeThreshold) return true;
    // Means of two neighbouring stretches, the nearer to the loss smaller while the lid moves.
    const [early, late] =
      direction === 1
        ? [this.#meanPupil(k - 2 * width + 1, k - width + 1), this.#meanPupil(k - width + 1, k + 1)]
        : [this.#meanPupil(k - width + 1, k + 1), this.#meanPupil(k + 1, k + 1 + width)];
    return (
      (late - early) * direction > LID_NOISE * Math.max(early, late) ||
      !(early - early === 0 && late - late === 0)
    );
  }

  #meanPupil(from: number, to: number): number {
    let sum = 0;
    let count = 0;
    for (let k = Math.max(0, from); k < to && k < this.#n; k++) {
      const p = this.#pupil[k & this.#mask];
      if (!(p > 0)) continue;
      sum += p;
      count++;
    }
    return sum / count;
  }

  #followSaccade(c: number): void {
    const { params } = this;
    const mask = this.#mask;
    const xs = this.#x;
    const ys = this.#y;
    let vx = 0;
    let vy = 0;
    if (this.#isSparse) {
      const late = c & mask;
      const early = (c - 1) & mask;
      vx = (xs[late] - xs[early]) * this.sfreq;
      vy = (ys[late] - ys[early]) * this.sfreq;
    } else {
      for (let k = 1; k <= this.#half; k++) {
        const late = (c + k) & mask;
        const early = (c - k) & mask;
        vx += xs[late] - xs[early];
        vy += ys[late] - ys[early];
      }
      vx *= this.#perStep;
      vy *= this.#perStep;
    }
    // Less the slow movement before it, where that is known.
    const to = (this.#onset >= 0 ? this.#onset : c) - this.#driftGuard;
    const from = Math.max(this.#slowFrom, to - this.#driftSpan);
    if (to - from >= this.#driftLeast) {
      const late = to & mask;
      const early = from & mask;
      const dx = ((xs[late] - xs[early]) * this.sfreq) / (to - from);
      const dy = ((ys[late] - ys[early]) * this.sfreq) / (to - from);
      if (dx - dx === 0) vx -= dx > DRIFT_MOST ? DRIFT_MOST : dx < -DRIFT_MOST ? -DRIFT_MOST : dx;
      if (dy - dy === 0) vy -= dy > DRIFT_MOST ? DRIFT_MOST : dy < -DRIFT_MOST ? -DRIFT_MOST : dy;
    }
    const speed = Math.sqrt(vx * vx + vy * vy);
    this.#speed[c & this.#mask] = speed;
    const isLost = this.#label[c & this.#mask] === SampleLabel.lost;
    if (speed - speed !== 0 || isLost) {
      this.#abandonSaccade();
      if (isLost) this.#label[c & this.#mask] = SampleLabel.lost;
      this.#slowFrom = c + 1;
      return;
    }
    if (c % this.#noiseStep === 0) this.#learnNoise(c);
    if (this.#onset >= 0) {
      this.#continueSaccade(c);
      return;
    }
    const sinceLast = c - this.#lastEnd;
    const settling = !this.#isSparse && sinceLast < params.glissadeMost_s * this.sfreq;
    // A glissade is fast, too; a new saccade right after the last one must be about as fast.
    const threshold = settling ? Math.max(this.#peakThreshold, 0.7 * this.#lastPeak) : this.#peakThreshold;
    if (speed > threshold) {
      this.#startSaccade(c);
      return;
    }
    if (settling && sinceLast >= 0 && (speed > this.#edgeThreshold || this.#wasFast(c))) {
      // What lies between a saccade and its glissade belongs to the glissade.
      this.#mark(this.#lastEnd, c + 1, SampleLabel.glissade);
      this.#slowFrom = c + 1;
      return;
    }
  }

  #wasFast(c: number): boolean {
    return this.#speed[(c - 1) & this.#mask] > this.#edgeThreshold;
  }

  #startSaccade(c: number): void {
    const speed = this.#speed[c & this.#mask];
    const earliest = Math.max(
      this.#final,
      this.#half,
      this.#lastEnd,
      c - this.#delay + 2 * this.#lag,
      c - this.#samples(0.05),
    );
    let onset = c;
    while (onset > earliest) {
      const before = this.#speed[(onset - 1) & this.#mask];
      if (!(before > this.#edgeThreshold)) break;
      if (this.#label[(onset - 1) & this.#mask] === SampleLabel.lost) break;
      onset--;
    }
    this.#onset = onset;
    this.#peak = speed;
    this.#lowest = speed;
    this.#lowestAt = c;
    for (let k = onset; k <= c; k++) this.#peak = Math.max(this.#peak, this.#speed[k & this.#mask]);
    this.#progress(c);
  }

  #continueSaccade(c: number): void {
    const speed = this.#speed[c & this.#mask];
    if (speed > this.#peak) {
      this.#peak = speed;
      this.#lowest = speed;
      this.#lowestAt = c;
    } else if (speed < this.#lowest) {
      this.#lowest = speed;
      this.#lowestAt = c;
    }
    const slowNow = speed < this.#edgeThreshold;
    const turned =
      this.#lowest < this.params.turnShare * this.#peak &&
      speed > this.#lowest &&
      c - this.#lowestAt >= Math.max(1, this.#half - 1);
    // Of neighbours that are far apart the last one is where the eye came to rest.
    if (slowNow) this.#endSaccade(this.#isSparse ? c - 1 : c);
    else if (turned) this.#endSaccade(this.#lowestAt);
    else this.#progress(c);
  }

  /** A saccade that has lasted long enough is labelled as it goes. */
  #progress(c: number): void {
    if (c + 1 - this.#onset >= this.params.saccadeLeast_s * this.sfreq)
      this.#mark(this.#onset, c + 1, SampleLabel.saccade);
  }

  /**
   * Ends the saccade before sample `end`. One between two sparse samples is given to the one beside which the eye moved
   * more.
   */
  #endSaccade(end: number): void {
    let onset = this.#onset;
    this.#onset = -1;
    if (this.#isSparse && end === onset) {
      if (this.#speed[(onset + 1) & this.#mask] > this.#speed[(onset - 1) & this.#mask]) end++;
      else onset--;
    }
    const newest = this.#n - this.#lag;
    if (end - onset < Math.max(1, Math.floor(this.params.saccadeLeast_s * this.sfreq))) {
      this.#mark(onset, newest, SampleLabel.slow);
      return;
    }
    if (this.#risesWithLid(onset, end)) {
      this.#mark(onset, end - this.#lag, SampleLabel.lost);
      this.#mark(end - this.#lag, newest, SampleLabel.slow);
      this.#slowFrom = newest;
      return;
    }
    this.#mark(onset, end, SampleLabel.saccade);
    this.#mark(end, newest, this.#isSparse ? SampleLabel.slow : SampleLabel.glissade);
    this.#lastEnd = end;
    this.#lastPeak = this.#peak;
    this.#slowFrom = this.#isSparse ? end : newest;
  }

  /**
   * Whether what is fast from `onset` to before `end` is gaze that comes up with a lid: it begins with samples whose
   * velocity rests on some that the lid moved, and ends soon. The counterpart of {@link #sinksFrom}.
   */
  #risesWithLid(onset: number, end: number): boolean {
    if (this.#lidWidth > 1 || this.#isSparse || onset >= this.#lidEnd + this.#lag) return false;
    return end - this.#lag - this.#lidEnd <= Math.floor(LID_FOLLOWS_S * this.sfreq);
  }

  /** A loss within a saccade ends it. */
  #abandonSaccade(): void {
    if (this.#onset < 0) return;
    this.#endSaccade(Math.max(this.#onset, this.#n - 1 - this.#lag));
  }

  #learnNoise(c: number): void {
    this.#noise[this.#noiseCount++ % NOISE_SIZE] = this.#speed[c & this.#mask];
    if (this.#noiseCount !== NOISE_LEAST && this.#noiseCount % NOISE_NEWS !== 0) return;
    const { peakLeast, peakMost, peakDeviations, noisyDeviations, edgeDeviations, edgeLeast } = this.params;
    const speeds = this.#sorted.subarray(0, Math.min(this.#noiseCount, NOISE_SIZE));
    speeds.set(this.#noise.subarray(0, speeds.length));
    const middle = middleOf(speeds);
    for (let i = 0; i < speeds.length; i++) speeds[i] = Math.abs(speeds[i] - middle);
    const deviation = 1.4826 * middleOf(speeds);
    const most = Math.max(peakMost, middle + noisyDeviations * deviation);
    this.#peakThreshold = Math.min(most, Math.max(peakLeast, middle + peakDeviations * deviation));
    this.#edgeThreshold = Math.min(
      0.6 * this.#peakThreshold,
      Math.max(edgeLeast, middle + edgeDeviations * deviation),
    );
  }

  /** Gives sample `f` its last label and hands it to the run of samples like it. */
  #finalise(f: number): void {
    const i = f & this.#mask;
    let label = this.#label[i] as SampleLabel;
    if (label === SampleLabel.slow) {
      if (!this.#wasSlow) {
        this.#nextDecision = f;
        if (!this.#goesOn(f)) this.#trendStart = f;
        this.#classifiedAt = Number.NEGATIVE_INFINITY;
      }
      if (f === this.#nextDecision) {
        this.#classify(f);
        this.#nextDecision += this.#decisionStep;
      }
      label = this.#classified;
      this.#wasSlow = true;
    } else if (this.#wasSlow) {
      this.#slowEnd = f;
      this.#wasSlow = false;
    }
    this.#extendRun(label, f);
    if (this.#run && this.#skipped[i]) this.#run.skipped++;
  }

  /** Whether the slow movement before the small saccade that ends at `f` may go on after it. */
  #goesOn(f: number): boolean {
    if (!(f - this.#slowEnd <= CATCH_UP_S * this.sfreq)) return false;
    const [i, k] = [(this.#slowEnd - 1) & this.#mask, f & this.#mask];
    const dx = this.#x[k] - this.#x[i];
    const dy = this.#y[k] - this.#y[i];
    return Math.sqrt(dx * dx + dy * dy) <= this.params.catchUpMost;
  }

  #classify(f: number): void {
    const { habit_s, habitMost, slowSpan_s, changeSpan_s, changeEvidence, fixationLeast_s } = this.params;
    const newest = this.#n - this.#lag;
    let to = f;
    while (to < newest && this.#label[to & this.#mask] === SampleLabel.slow) to++;
    const from = Math.max(this.#trendStart, f - this.#samples(slowSpan_s));
    let evidence = this.#evidence(from, to);
    if (Number.isNaN(evidence)) return;
    const isNew = this.#classifiedAt === Number.NEGATIVE_INFINITY;
    // What lies before pursuit that begins now would hide it.
    if (!isNew && this.#classified === SampleLabel.fixation) {
      const late = f - this.#samples(changeSpan_s);
      if (late > from) evidence = Math.max(evidence, this.#evidence(late, to) || evidence);
    }
    if (to - from >= HABIT_LEAST_S * this.sfreq)
      this.#pursuitShare +=
        (1 / (1 + Math.exp(-evidence)) - this.#pursuitShare) * Math.min(1, DECISION_S / habit_s);
    if (f - this.#classifiedAt < fixationLeast_s * this.sfreq) return;
    const share = this.#pursuitShare;
    const odds = Math.max(-habitMost, Math.min(habitMost, Math.log(share / (1 - share))));
    const certain = isNew ? 0 : changeEvidence;
    const leaning = this.#classified === SampleLabel.pursuit ? certain : -certain;
    const label = evidence + odds + leaning > 0 ? SampleLabel.pursuit : SampleLabel.fixation;
    if (label !== this.#classified || isNew) this.#classifiedAt = f;
    this.#classified = label;
  }

  /**
   * Log-likelihood ratio of pursuit to fixation for samples `from` to `to`: two log-normal speeds of equal spread, both
   * raised by what the noise about the line makes of its slope. NaN where too little is seen.
   */
  #evidence(from: number, to: number): number {
    const { pursuitSpeed, fixationDrift, slowSpread } = this.params;
    const step = this.#pointStep;
    const mask = this.#mask;
    const [xs, ys, labels] = [this.#x, this.#y, this.#label];
    // Sums over the stretches between saccades, each about its own mean: one slope, several lines.
    let count = 0;
    let lines = 0;
    let span = 0;
    let cx = 0;
    let cy = 0;
    let squares = 0;
    for (let k = from; k < to; ) {
      // Times and positions against the first ones, which keep free of a common offset.
      const first = k;
      const x0 = xs[k & mask];
      const y0 = ys[k & mask];
      let n = 0;
      let st = 0;
      let stt = 0;
      let sx = 0;
      let sy = 0;
      let sxt = 0;
      let syt = 0;
      let sxx = 0;
      for (; k < to && labels[k & mask] === SampleLabel.slow; k += step) {
        const dx = xs[k & mask] - x0;
        const dy = ys[k & mask] - y0;
        const t = k - first;
        n++;
        st += t;
        stt += t * t;
        sx += dx;
        sy += dy;
        sxt += dx * t;
        syt += dy * t;
        sxx += dx * dx + dy * dy;
      }
      while (k < to && labels[k & mask] !== SampleLabel.slow) k++;
      if (n < 2) continue;
      count += n;
      lines++;
      span += stt - (st * st) / n;
      cx += sxt - (sx * st) / n;
      cy += syt - (sy * st) / n;
      squares += sxx - (sx * sx + sy * sy) / n;
    }
    if (count < 2 + lines) return Number.NaN;
    const perSample = Math.sqrt(cx * cx + cy * cy) / span;
    const rest = Math.max(0, squares - perSample * perSample * span);
    const noise = (NOISE_WEIGHT * rest * this.sfreq * this.sfreq) / ((count - 1 - lines) * span);
    const speed = perSample * this.sfreq;
    const drift = (fixationDrift * this.sfreq) / (to - from);
    const still = 0.5 * Math.log(drift * drift + noise);
    const moving = 0.5 * Math.log(pursuitSpeed * pursuitSpeed + noise);
    const apart = Math.max(MOST_ALIKE, moving - still);
    return (apart * (Math.log(speed + LEAST_SPEED) - (still + moving) / 2)) / (slowSpread * slowSpread);
  }

  #extendRun(label: SampleLabel, f: number): void {
    const i = f & this.#mask;
    if (this.#run?.label !== label) {
      const edge = this.#edgeOf(label, f);
      this.#close(edge);
      this.#run = new Run(label, edge, this.#x[i], this.#y[i]);
    } else this.#run.add(this.#x, this.#y, i);
  }

  /**
   * When samples of `label` begin, of which `f` is the first: its stamp, or, where samples are sparse beside a lid's
   * movement, between the last sample that shows none of it and the first that does.
   */
  #edgeOf(label: SampleLabel, f: number): number {
    const time = this.#time[f & this.#mask];
    if (this.#run === null || this.#lidWidth > 1 || !this.#hasPupil) return time;
    const half = (time - this.#time[(f - 1) & this.#mask]) / 2;
    const beyond = Math.min(half, LID_REST_S);
    if (label === SampleLabel.lost) return time - half - beyond;
    return this.#run.label === SampleLabel.lost ? time - half + beyond : time;
  }

  #close(end_s: number): void {
    const run = this.#run;
    this.#run = null;
    if (!run) return;
    const { fixationLeast_s, blinkLeast_s, blinkMost_s } = this.params;
    const duration_s = end_s - run.onset_s;
    const seen_s = duration_s - run.skipped / this.sfreq;
    const isBlink =
      run.label === SampleLabel.lost &&
      duration_s >= blinkLeast_s - 1e-9 &&
      duration_s <= blinkMost_s + 1e-9 &&
      (run.skipped === 0 || (this.#hasPupil && seen_s >= LID_SEEN_S));
    if (run.label === SampleLabel.lost && !isBlink) this.#afterLoss = true;
    const kind = isBlink ? 'blink' : kindOf(run.label);
    if (kind === null) return;
    if ((kind === 'fixation' || kind === 'pursuit') && duration_s < fixationLeast_s - 1e-9) return;
    this.emit(run.event(kind, end_s, this.#afterLoss));
    this.#afterLoss = false;
  }
}

/** Upper median; moves the values about (Hoare's selection). */
function middleOf(values: Float64Array): number {
  const middle = values.length >>> 1;
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >>> 1];
    let i = low - 1;
    let j = high + 1;
    for (;;) {
      do i++;
      while (values[i] < pivot);
      do j--;
      while (values[j] > pivot);
      if (i >= j) break;
      const held = values[i];
      values[i] = values[j];
      values[j] = held;
    }
    if (middle <= j) high = j;
    else low = j + 1;
  }
  return values[middle];
}

function kindOf(label: SampleLabel): GazeEventKind | null {
  if (label === SampleLabel.fixation) return 'fixation';
  if (label === SampleLabel.pursuit) return 'pursuit';
  return label === SampleLabel.saccade ? 'saccade' : null;
}

type RunState = {
  readonly label: SampleLabel;
  readonly onset_s: number;
  readonly fromX: number;
  readonly fromY: number;
  readonly toX: number;
  readonly toY: number;
  readonly leastX: number;
  readonly leastY: number;
  readonly mostX: number;
  readonly mostY: number;
  readonly skipped: number;
};

/** Neighbouring samples of one label. */
class Run {
  // All begin as doubles: a field that begins undefined would hold a new object at each sample.
  readonly #fromX: number;
  readonly #fromY: number;
  #toX = Number.NaN;
  #toY = Number.NaN;
  #leastX = Number.NaN;
  #leastY = Number.NaN;
  #mostX = Number.NaN;
  #mostY = Number.NaN;
  /** Samples of it that never came. */
  skipped = 0;

  constructor(
    readonly label: SampleLabel,
    readonly onset_s: number,
    x: number,
    y: number,
  ) {
    this.#fromX = this.#toX = this.#leastX = this.#mostX = x;
    this.#fromY = this.#toY = this.#leastY = this.#mostY = y;
  }

  /** Sample `i` of the rows `xs`, `ys`. */
  add(xs: Float64Array, ys: Float64Array, i: number): void {
    const x = xs[i];
    const y = ys[i];
    this.#toX = x;
    this.#toY = y;
    if (x < this.#leastX) this.#leastX = x;
    if (x > this.#mostX) this.#mostX = x;
    if (y < this.#leastY) this.#leastY = y;
    if (y > this.#mostY) this.#mostY = y;
  }

  snapshot(): RunState {
    return {
      label: this.label,
      onset_s: this.onset_s,
      fromX: this.#fromX,
      fromY: this.#fromY,
      toX: this.#toX,
      toY: this.#toY,
      leastX: this.#leastX,
      leastY: this.#leastY,
      mostX: this.#mostX,
      mostY: this.#mostY,
      skipped: this.skipped,
    };
  }

  static restored(state: RunState): Run {
    const run = new Run(state.label, state.onset_s, state.fromX, state.fromY);
    run.#toX = state.toX;
    run.#toY = state.toY;
    run.#leastX = state.leastX;
    run.#leastY = state.leastY;
    run.#mostX = state.mostX;
    run.#mostY = state.mostY;
    run.skipped = state.skipped;
    return run;
  }

  event(kind: GazeEventKind, end_s: number, afterLoss: boolean): GazeEvent {
    const nowhere = [Number.NaN, Number.NaN] as const;
    const blind = kind === 'blink';
    return {
      kind,
      onset_s: this.onset_s,
      end_s,
      from: blind ? nowhere : [this.#fromX, this.#fromY],
      to: blind ? nowhere : [this.#toX, this.#toY],
      extent: blind ? nowhere : [this.#mostX - this.#leastX, this.#mostY - this.#leastY],
      afterLoss,
    };
  }
}
