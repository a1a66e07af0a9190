import { Random } from '../core/random.js';
import type { StreamInfo } from '../core/signal.js';
import { type Blink, BlinkTrain } from './blink-train.js';
import { effects } from './effects.js';
import { LowPass } from './low-pass.js';
import { OrnsteinUhlenbeck } from './ornstein-uhlenbeck.js';
import { Resonator } from './resonator.js';
import type { Signal, Subject } from './signal.js';

/** Channels of the simulated eye tracker, in order. */
export const eyeChannels = [
  { label: 'left_x', unit: 'deg', type: 'gaze' },
  { label: 'left_y', unit: 'deg', type: 'gaze' },
  { label: 'right_x', unit: 'deg', type: 'gaze' },
  { label: 'right_y', unit: 'deg', type: 'gaze' },
  { label: 'left_pupil', unit: 'mm', type: 'pupil' },
  { label: 'right_pupil', unit: 'mm', type: 'pupil' },
] as const;

const SCREEN_DEG = [16, 9] as const;
const TRACKER_DEG = 0.08;
const TRACKER_MM = 0.015;
const LIGHT_MM = 0.15;
/** Of the light reflex. */
const LIGHT_TAU_S = 0.4;
const HIPPUS_MM = 0.06;
/** Share of a blink at either end in which the lid hides part of the pupil but the tracker still reports. */
const LID_SHARE = 0.15;
const LID_MM = 0.5;
const LID_DEG = 2;

interface Saccade {
  readonly start: number;
  readonly end: number;
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
}

interface Loss {
  readonly start: number;
  readonly end: number;
  /** 0 left, 1 right, 2 both. */
  readonly eye: number;
}

/** Gaze on a screen straight ahead, degrees from its middle (y up), and both pupils' diameters, mm. */
export class Eye implements Signal {
  readonly info: StreamInfo;
  readonly #subject: Subject;
  readonly #random: Random;
  readonly #moves: Random;
  readonly #losses: Random;
  readonly #blinks: BlinkTrain;
  readonly #light: OrnsteinUhlenbeck;
  readonly #hippus: Resonator;
  readonly #arousal = new LowPass(effects.pupil.tau_s);
  readonly #reflex = new LowPass(LIGHT_TAU_S);
  readonly #offset: readonly number[];
  readonly #data: Float64Array;
  #saccade: Saccade;
  #loss: Loss;
  #second = 0;

  constructor(subject: Subject, info: StreamInfo) {
    this.#subject = subject;
    this.info = info;
    const { seed, person } = subject;
    this.#random = new Random(seed, 'eye');
    this.#moves = new Random(seed, 'eye-movements');
    this.#losses = new Random(seed, 'eye-losses');
    this.#blinks = new BlinkTrain(subject);
    const pupil = new Random(seed, 'pupil');
    this.#light = new OrnsteinUhlenbeck(pupil, LIGHT_MM * person.noise.eye, 5, 1 / info.sfreq);
    this.#hippus = new Resonator(pupil, 0.3, 0.3, info.sfreq);
    // Calibration offset of each eye and anisocoria.
    this.#offset = [0.3, 0.3, 0.3, 0.3, 0.1, 0.1].map((sd) => sd * pupil.gaussian());
    this.#saccade = { start: 0, end: 0, from: [0, 0], to: [0, 0] };
    this.#saccade = this.#nextSaccade(this.#saccade);
    this.#loss = this.#nextLoss(0);
    this.#data = new Float64Array(info.channels.length * info.sfreq);
  }

  next(): Float64Array {
    const n = this.info.sfreq;
    const data = this.#data;
    const { person } = this.#subject;
    const noise = person.noise.eye;
    const blinks = this.#blinks.within(this.#second, this.#second + 1);
    for (let k = 0; k < n; k++) {
      const t = this.#second + k / n;
      while (t >= this.#saccade.end) this.#saccade = this.#nextSaccade(this.#saccade);
      const [x, y] = this.#gaze(t);
      while (t >= this.#loss.end) this.#loss = this.#nextLoss(this.#loss.end);
      const diameter_mm = this.#pupil(t, n);
      const lid = lidAt(blinks, t);
      const lost = t >= this.#loss.start ? this.#loss.eye : -1;
      for (let eye = 0; eye < 2; eye++) {
        const isLost = Number.isNaN(lid) || lost === 2 || lost === eye;
        const jitter = () => noise * this.#random.gaussian();
        data[2 * eye * n + k] = isLost ? Number.NaN : x + this.#offset[2 * eye] + TRACKER_DEG * jitter();
        data[(2 * eye + 1) * n + k] = isLost
          ? Number.NaN
          : y + this.#offset[2 * eye + 1] - LID_DEG * lid + TRACKER_DEG * jitter();
        data[(4 + eye) * n + k] = isLost
          ? Number.NaN
          : diameter_mm + this.#offset[4 + eye] - LID_MM * lid + TRACKER_MM * jitter();
      }
    }
    this.#second++;
    return data;
  }

  #pupil(t: number, sfreq: number): number {
    const { person, affect } = this.#subject;
    const answer = person.responsivity.eye;
    const arousal = this.#arousal.next(affect.arousal(t - effects.pupil.delay_s), 1 / sfreq);
    return (
      person.pupil_mm +
      effects.pupil.arousal_mm * answer.arousal * arousal +
      this.#reflex.next(this.#light.next(), 1 / sfreq) +
      HIPPUS_MM * person.noise.eye * this.#hippus.next()
    );
  }

  #gaze(t: number): readonly [number, number] {
    const { start, end, from, to } = this.#saccade;
    if (t < start) return from;
    // Minimum-jerk profile: a smooth velocity peak in the middle.
    const p = (t - start) / (end - start);
    const s = p * p * p * (10 - 15 * p + 6 * p * p);
    return [from[0] + s * (to[0] - from[0]), from[1] + s * (to[1] - from[1])];
  }

  #nextSaccade(last: Saccade): Saccade {
    const { person, affect } = this.#subject;
    const answer = person.responsivity.eye;
    const random = this.#moves;
    const t = last.end;
    const fixation_s =
      0.09 +
      0.22 *
        random.logNormal(0.5) *
        Math.exp(effects.gaze.fixation_arousal * answer.arousal * affect.arousal(t));
    const amplitude_deg =
      4.5 *
      random.logNormal(0.5) *
      Math.exp(effects.gaze.saccade_valence * answer.valence * affect.valence(t));
    const from = last.to;
    // A random direction, pulled to the middle of the screen so that gaze stays on it.
    const dx = random.gaussian() - from[0] / SCREEN_DEG[0];
    const dy = 0.6 * random.gaussian() - from[1] / SCREEN_DEG[1];
    const scale = amplitude_deg / Math.sqrt(dx * dx + dy * dy + 1e-12);
    const start = t + fixation_s;
    return {
      start,
      // Main sequence: 21 ms and 2.2 ms more for each degree (Carpenter 1988).
      end: start + 0.021 + 0.0022 * amplitude_deg,
      from,
      to: [clamp(from[0] + scale * dx, SCREEN_DEG[0]), clamp(from[1] + scale * dy, SCREEN_DEG[1])],
    };
  }

  #nextLoss(after: number): Loss {
    const random = this.#losses;
    const start = after + random.exponential(45);
    return { start, end: start + random.between(0.05, 0.6), eye: Math.floor(3 * random.uniform()) };
  }
}

function clamp(x: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, x));
}

/** How far the lid is down, 0..1, while the tracker still sees the pupil; NaN when it doesn't. */
function lidAt(blinks: readonly Blink[], t: number): number {
  for (const blink of blinks) {
    if (t < blink.start || t >= blink.end) continue;
    const phase = (t - blink.start) / (blink.end - blink.start);
    const edge = Math.min(phase, 1 - phase);
    return edge < LID_SHARE ? edge / LID_SHARE : Number.NaN;
  }
  return 0;
}
