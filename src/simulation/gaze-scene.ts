import type { Seconds } from '../core/clock.js';
import { Random } from '../core/random.js';
import { OrnsteinUhlenbeck } from './ornstein-uhlenbeck.js';

export type GazeTruthKind = 'fixation' | 'saccade' | 'glissade' | 'pursuit' | 'blink';

/** What the eye really did from `onset_s` to `end_s`. */
export interface GazeTruth {
  readonly kind: GazeTruthKind;
  readonly onset_s: Seconds;
  readonly end_s: Seconds;
}

export interface GazeSceneOptions {
  readonly seed: number;
  /** Hz; the movements don't depend on it, so that one scene can be had at several rates. */
  readonly sfreq: number;
  readonly duration_s: Seconds;
  /** Share of slow movements that follow something. */
  readonly pursuitShare: number;
  /** Standard deviation of the tracker's white noise, deg. */
  readonly noise_deg: number;
  /** Standard deviation of noise that stays for about 20 ms, as filters of trackers leave it, deg; default 0. */
  readonly colouredNoise_deg?: number;
  readonly blinks_per_min: number;
  /**
   * `plain` (default): fixations hardly drift; each pursuit goes straight on at 3-15 deg/s and starts with a saccade.
   * `video`: as people on moving scenes, fixations drift by a quarter of a degree (median); pursuit goes at 2-15 deg/s,
   * gathers speed over 0.1 s, bends, changes its speed by up to half, catches up with small saccades, and half of it
   * starts out of a fixation.
   */
  readonly movement?: 'plain' | 'video';
  /** Median amplitude of the saccades between them, deg; default 4.5. */
  readonly saccade_deg?: number;
  /** How the lids of its blinks move. */
  readonly lid?: LidOptions;
}

/** What differs between people and trackers in how a blink hides the pupil. */
export interface LidOptions {
  /** Factor of the time that a lid takes to hide the pupil (25-50 ms) and to bare it (40-90 ms); default 1. */
  readonly slowness?: number;
  /** Share of the pupil that is covered when the tracker loses it; default 0.4. */
  readonly share?: number;
  /** `even` (default): it moves at one speed; `gathering`: from rest at one acceleration, and so it comes to rest, too. */
  readonly motion?: 'even' | 'gathering';
}

export interface GazeScene {
  readonly sfreq: number;
  /** [n] degrees from the screen's middle; NaN where the eye is lost. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** [n] diameter, mm; NaN where it is lost. */
  readonly pupil: Float64Array;
  /** In order of time, without holes; the first and the last may be cut. */
  readonly truth: readonly GazeTruth[];
}

/** A stretch of one movement: where the eye is `t` seconds into it. */
interface Stretch extends GazeTruth {
  readonly at: (t: number) => readonly [x: number, y: number];
}

interface Lid {
  readonly onset_s: Seconds;
  /** The pupil is hidden from here ... */
  readonly hidden_s: Seconds;
  /** ... to here. */
  readonly bare_s: Seconds;
  readonly end_s: Seconds;
}

const SCREEN_DEG = [15, 10] as const;
/** Share of the pupil that is covered when the tracker loses it. */
const LID_SHARE = 0.4;
/** How far gaze seems to have sunk by then, deg. */
const LID_DEG = 3;
const PUPIL_MM = 3.5;
const PUPIL_NOISE_MM = 0.01;
/** How long coloured noise stays, s. */
const COLOUR_S = 0.02;
/** Frequencies and size of the drift within a fixation (Rolfs 2009, doi:10.1016/j.visres.2009.08.010: 0.1-0.5 deg/s). */
const DRIFT_HZ = [0.4, 0.9, 1.7] as const;
const DRIFT_DEG = 0.03;
/** Video trackers add the pupil's changes to it. */
const VIDEO_DRIFT_DEG = 0.08;

/**
 * Gaze with exact truth, for trying event detectors: saccades on the main sequence with a minimum-jerk profile
 * (duration 21 ms + 2.2 ms a degree, Carpenter 1988), overshoots that return as glissades (Nystroem & Holmqvist 2010),
 * fixations with drift, pursuit at 3-15 deg/s, and blinks during whose edges the lid covers the pupil bit by bit
 * (Hershman et al. 2018).
 */
export function simulateGazeScene(options: GazeSceneOptions): GazeScene {
  const { seed, sfreq, duration_s, noise_deg } = options;
  const stretches = movements(options);
  const lids = blinks(options);
  const { share = LID_SHARE, motion = 'even' } = options.lid ?? {};
  const covered = motion === 'even' ? (p: number) => p : (p: number) => p * p;
  const noise = new Random(seed, `tracker-${sfreq}`);
  const colour = new Random(seed, `tracker-colour-${sfreq}`);
  const slow = [0, 1].map(
    () => new OrnsteinUhlenbeck(colour, options.colouredNoise_deg ?? 0, COLOUR_S, 1 / sfreq),
  );
  const jitter = (axis: 0 | 1) => noise_deg * noise.gaussian() + slow[axis].next();
  const n = Math.floor(duration_s * sfreq);
  const [x, y, pupil] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  let s = 0;
  let b = 0;
  for (let i = 0; i < n; i++) {
    const t = i / sfreq;
    while (t >= stretches[s].end_s) s++;
    while (b < lids.length && t >= lids[b].end_s) b++;
    const [gx, gy] = stretches[s].at(t - stretches[s].onset_s);
    const closed = b < lids.length ? covered(closure(lids[b], t)) : 0;
    x[i] = gx + jitter(0);
    y[i] = gy - LID_DEG * closed + jitter(1);
    const light = 0.15 * Math.sin(2 * Math.PI * 0.15 * t) + 0.05 * Math.sin(2 * Math.PI * 0.7 * t);
    pupil[i] = (PUPIL_MM + light) * (1 - share * closed) + PUPIL_NOISE_MM * noise.gaussian();
    if (closed < 1) continue;
    x[i] = Number.NaN;
    y[i] = Number.NaN;
    pupil[i] = Number.NaN;
  }
  return { sfreq, x, y, pupil, truth: merge(stretches, lids, duration_s) };
}

/** 0 = open, 1 = the tracker sees no pupil. */
function closure({ onset_s, hidden_s, bare_s, end_s }: Lid, t: number): number {
  if (t < onset_s || t >= end_s) return 0;
  if (t < hidden_s) return (t - onset_s) / (hidden_s - onset_s) - 1e-9;
  return t < bare_s ? 1 : (end_s - t) / (end_s - bare_s) - 1e-9;
}

function movements({
  seed,
  duration_s,
  pursuitShare,
  movement = 'plain',
  saccade_deg = 4.5,
}: GazeSceneOptions): Stretch[] {
  const random = new Random(seed, 'gaze-scene');
  const drift_deg = movement === 'plain' ? DRIFT_DEG : VIDEO_DRIFT_DEG;
  const stretches: Stretch[] = [];
  let t = 0;
  let at: readonly [number, number] = [0, 0];
  const add = (kind: GazeTruthKind, length_s: number, path: Stretch['at']) => {
    stretches.push({ kind, onset_s: t, end_s: t + length_s, at: path });
    t += length_s;
    at = path(length_s);
  };
  while (t < duration_s) {
    const follows = random.uniform() < pursuitShare;
    if (!follows) fixate(random, at, add, drift_deg);
    else if (movement === 'plain') pursue(random, at, add);
    else {
      if (random.uniform() < 0.5) fixate(random, at, add, drift_deg);
      chase(random, () => at, add);
    }
    leap(random, at, add, saccade_deg);
  }
  return stretches;
}

type Add = (kind: GazeTruthKind, length_s: number, path: Stretch['at']) => void;
type Place = readonly [x: number, y: number];

function fixate(random: Random, [x, y]: Place, add: Add, drift_deg: number): void {
  const waves = DRIFT_HZ.map((hz) => ({
    hz,
    x: drift_deg * random.gaussian(),
    y: drift_deg * random.gaussian(),
    phase: random.between(0, 2 * Math.PI),
  }));
  const drift = (t: number, axis: 'x' | 'y') =>
    waves.reduce(
      (sum, w) => sum + w[axis] * (Math.sin(2 * Math.PI * w.hz * t + w.phase) - Math.sin(w.phase)),
      0,
    );
  add('fixation', Math.max(0.12, 0.28 * random.logNormal(0.4)), (t) => [
    x + drift(t, 'x'),
    y + drift(t, 'y'),
  ]);
}

function pursue(random: Random, [x, y]: Place, add: Add): void {
  const speed = random.between(3, 15);
  // Towards the middle, so that gaze stays on the screen.
  const [dx, dy] = [random.gaussian() - x / 4, random.gaussian() - y / 4];
  const length = Math.sqrt(dx * dx + dy * dy + 1e-12);
  const [vx, vy] = [(speed * dx) / length, (speed * dy) / length];
  add('pursuit', random.between(0.3, 0.9), (t) => [x + vx * t, y + vy * t]);
}

/** Pursuit of something that gathers speed, bends its way and changes its speed, with saccades that catch up with it. */
function chase(random: Random, place: () => Place, add: Add): void {
  const speed = 2 * Math.exp(Math.log(7.5) * random.uniform());
  const [x0, y0] = place();
  let direction = Math.atan2(random.gaussian() - y0 / 4, random.gaussian() - x0 / 4);
  const bend = 1.2 * random.gaussian();
  const change_hz = random.between(0.3, 1);
  const phase = random.between(0, 2 * Math.PI);
  const parts = 1 + Math.floor(3 * random.uniform());
  for (let part = 0, since = 0; part < parts; part++) {
    const length_s = random.between(0.25, 0.7);
    const [x, y] = place();
    const [from, begin] = [direction, since];
    // Sums of steps of a millisecond: speed and direction change all the time.
    const path: Place[] = [[x, y]];
    for (let ms = 1; ms <= 1000 * length_s + 1; ms++) {
      const t = ms / 1000;
      const gathered = part === 0 ? Math.min(1, t / 0.1) : 1;
      const now = speed * gathered * (1 + 0.5 * Math.sin(2 * Math.PI * change_hz * (begin + t) + phase));
      const [px, py] = path[ms - 1];
      const angle = from + bend * t;
      path.push([px + (now / 1000) * Math.cos(angle), py + (now / 1000) * Math.sin(angle)]);
    }
    add('pursuit', length_s, (t) => {
      const i = Math.min(path.length - 2, Math.floor(1000 * t));
      const share = 1000 * t - i;
      const [[ax, ay], [bx, by]] = [path[i], path[i + 1]];
      return [ax + share * (bx - ax), ay + share * (by - ay)];
    });
    since += length_s;
    direction = from + bend * length_s;
    if (part + 1 < parts) {
      const [cx, cy] = place();
      const amplitude = Math.min(3, Math.max(0.4, 0.12 * speed * random.logNormal(0.4)));
      const turn = direction + 0.3 * random.gaussian();
      const span = 0.021 + 0.0022 * amplitude;
      // The eye goes on with what it follows beneath the saccade.
      add('saccade', span, (t) => {
        const d = amplitude * minimumJerk(t / span);
        return [
          cx + d * Math.cos(turn) + speed * t * Math.cos(direction),
          cy + d * Math.sin(turn) + speed * t * Math.sin(direction),
        ];
      });
    }
  }
}

/** From 0 to 1 with the least jerk. */
function minimumJerk(p: number): number {
  return p * p * p * (10 - 15 * p + 6 * p * p);
}

function leap(random: Random, [x, y]: Place, add: Add, median_deg: number): void {
  const amplitude = Math.min(20, Math.max(Math.min(1, median_deg / 2), median_deg * random.logNormal(0.6)));
  const [dx, dy] = [random.gaussian() - x / SCREEN_DEG[0], 0.7 * random.gaussian() - y / SCREEN_DEG[1]];
  const length = Math.sqrt(dx * dx + dy * dy + 1e-12);
  const [ux, uy] = [dx / length, dy / length];
  const move = (from: number, to: number, span: number) => (t: number) => {
    const d = from + (to - from) * minimumJerk(t / span);
    return [x + d * ux, y + d * uy] as const;
  };
  const overshoot = random.uniform() < 0.5 ? Math.min(0.8, amplitude * random.between(0.03, 0.1)) : 0;
  const saccade_s = 0.021 + 0.0022 * amplitude;
  add('saccade', saccade_s, move(0, amplitude + overshoot, saccade_s));
  if (overshoot === 0) return;
  const glissade_s = random.between(0.018, 0.028);
  add('glissade', glissade_s, move(amplitude + overshoot, amplitude, glissade_s));
}

function blinks({ seed, duration_s, blinks_per_min, lid }: GazeSceneOptions): Lid[] {
  const random = new Random(seed, 'gaze-scene-lids');
  const lids: Lid[] = [];
  const slowness = lid?.slowness ?? 1;
  if (blinks_per_min <= 0) return lids;
  for (let t = 0; ; ) {
    const onset_s = t + 0.6 + random.exponential(Math.max(0.1, 60 / blinks_per_min - 0.6));
    const hidden_s = onset_s + slowness * random.between(0.025, 0.05);
    const bare_s = hidden_s + random.between(0.06, 0.2);
    const end_s = bare_s + slowness * random.between(0.04, 0.09);
    if (end_s >= duration_s) return lids;
    lids.push({ onset_s, hidden_s, bare_s, end_s });
    t = end_s;
  }
}

/** What a blink hides can't be seen: it cuts the movements. */
function merge(stretches: readonly Stretch[], lids: readonly Lid[], duration_s: number): GazeTruth[] {
  const truth: GazeTruth[] = lids.map(({ onset_s, end_s }) => ({ kind: 'blink', onset_s, end_s }));
  for (const { kind, onset_s, end_s } of stretches) {
    let from = onset_s;
    const end = Math.min(end_s, duration_s);
    for (const lid of lids) {
      if (lid.end_s <= from || lid.onset_s >= end) continue;
      if (lid.onset_s > from) truth.push({ kind, onset_s: from, end_s: lid.onset_s });
      from = lid.end_s;
    }
    if (from < end) truth.push({ kind, onset_s: from, end_s: end });
  }
  return truth.sort((a, b) => a.onset_s - b.onset_s);
}
