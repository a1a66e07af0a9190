import { Random } from '../core/random.js';
import type { StreamInfo } from '../core/signal.js';
import { BlinkTrain } from './blink-train.js';
import { EegWander } from './eeg-wander.js';
import { effects } from './effects.js';
import { OrnsteinUhlenbeck } from './ornstein-uhlenbeck.js';
import { PinkNoise } from './pink-noise.js';
import { Resonator } from './resonator.js';
import { type ScalpPosition, scalpPosition } from './scalp-position.js';
import { CONTROL_HZ, controlStep, type Signal, type Subject } from './signal.js';
import { sine } from './sine.js';

/** A patch of cortex: where its activity is strongest, how large its rhythms are (uV RMS), how affect moves them. */
interface Patch {
  readonly site: string;
  /** -1 left, 0 midline, 1 right. */
  readonly side: -1 | 0 | 1;
  readonly alpha_uv: number;
  /** Weights 0..1 of the effects of `effects.eeg`. */
  readonly asymmetry: number;
  readonly blocking: number;
  readonly fastValence: number;
  readonly fastArousal: number;
}

const lateral = (left: string, right: string, rest: Omit<Patch, 'site' | 'side'>): Patch[] => [
  { site: left, side: -1, ...rest },
  { site: right, side: 1, ...rest },
];

const prefrontal = { alpha_uv: 5, asymmetry: 1, blocking: 0.6, fastValence: 0.6, fastArousal: 1 };
const frontal = { alpha_uv: 5, asymmetry: 1, blocking: 0.7, fastValence: 0.6, fastArousal: 1 };
const central = { alpha_uv: 5, asymmetry: 0.2, blocking: 0.7, fastValence: 0.2, fastArousal: 1 };
const temporal = { alpha_uv: 4.5, asymmetry: 0.3, blocking: 0.7, fastValence: 1, fastArousal: 0.5 };
const parietal = { alpha_uv: 8, asymmetry: 0, blocking: 1, fastValence: 0.2, fastArousal: 0.6 };
const occipital = { alpha_uv: 10, asymmetry: 0, blocking: 1, fastValence: 0.1, fastArousal: 0.5 };

const patches: readonly Patch[] = [
  ...lateral('Fp1', 'Fp2', prefrontal),
  ...lateral('F3', 'F4', frontal),
  ...lateral('F7', 'F8', frontal),
  ...lateral('C3', 'C4', central),
  ...lateral('T7', 'T8', temporal),
  ...lateral('TP9', 'TP10', temporal),
  ...lateral('P3', 'P4', parietal),
  ...lateral('P7', 'P8', parietal),
  ...lateral('O1', 'O2', occipital),
  { site: 'Fz', side: 0, ...frontal },
  { site: 'Cz', side: 0, ...central },
  { site: 'Pz', side: 0, ...parietal },
];

const BACKGROUND_UV = 7;
const THETA_UV = 3;
const BETA_UV = 3.5;
const GAMMA_UV = 2.5;
const SENSOR_UV = 0.7;
const BLINK_UV = 110;
const MUSCLE_UV = 1;
const MAINS_HZ = 50;

function cosBetween(a: ScalpPosition, b: ScalpPosition): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** How much of a source at `from` an electrode at `to` sees: volume conduction as a Gaussian of distance. */
function spread(from: ScalpPosition, to: ScalpPosition, width: number): number {
  return Math.exp((cosBetween(from, to) - 1) / width);
}

class Source {
  readonly #background: PinkNoise;
  readonly #theta: Resonator;
  readonly #alpha: Resonator;
  readonly #beta: Resonator;
  readonly #gamma: Resonator;
  readonly #wander: EegWander;

  constructor(
    readonly patch: Patch,
    readonly subject: Subject,
    readonly sfreq: number,
    /** What all sources do by themselves, in the second that is being made. */
    readonly scalp: EegWander,
  ) {
    const random = new Random(subject.seed, `eeg/${patch.site}`);
    const { person } = subject;
    this.#background = new PinkNoise(random);
    this.#theta = new Resonator(random, 6, 2, sfreq);
    this.#alpha = new Resonator(random, person.alphaPeak_hz, 2.5, sfreq);
    this.#beta = new Resonator(random, 21, 9, sfreq);
    this.#gamma = new Resonator(random, 40, 14, sfreq);
    this.#wander = EegWander.ofPatch(new Random(subject.seed, `eeg-wander/${patch.site}`), person.noise.eeg);
  }

  /** One second from `second` on, uV [sfreq]. */
  fill(second: number, out: Float64Array): void {
    const { patch, subject } = this;
    const { person, affect } = subject;
    const answer = person.responsivity.eeg;
    this.#wander.next();
    const own = this.#wander.lnPower;
    const common = this.scalp.lnPower;
    let step = -1;
    let slow = 0;
    let alpha_uv = 0;
    let beta_uv = 0;
    let gamma_uv = 0;
    for (let k = 0; k < out.length; k++) {
      const now = controlStep(k, this.sfreq);
      if (now !== step) {
        step = now;
        const t = second + step / CONTROL_HZ - effects.eeg.delay_s;
        const valence = answer.valence * affect.valence(t);
        const arousal = answer.arousal * affect.arousal(t);
        const fast = patch.fastValence * valence;
        const awake = patch.fastArousal * arousal;
        // Amplitude is the square root of power: half the ln power.
        slow = Math.exp(0.5 * (common.slow[step] + own.slow[step]));
        alpha_uv =
          patch.alpha_uv *
          Math.exp(
            0.5 *
              (patch.side *
                patch.asymmetry *
                (effects.eeg.alpha_valence_side * valence + person.alphaAsymmetry / 2) +
                effects.eeg.alpha_arousal * patch.blocking * arousal +
                common.alpha[step] +
                own.alpha[step]),
          );
        beta_uv =
          BETA_UV *
          Math.exp(
            0.5 *
              (effects.eeg.beta_valence * fast +
                effects.eeg.beta_arousal * awake +
                common.beta[step] +
                own.beta[step]),
          );
        gamma_uv =
          GAMMA_UV *
          Math.exp(
            0.5 *
              (effects.eeg.gamma_valence * fast +
                effects.eeg.gamma_arousal * awake +
                common.gamma[step] +
                own.gamma[step]),
          );
      }
      out[k] =
        slow * (BACKGROUND_UV * this.#background.next() + THETA_UV * this.#theta.next()) +
        alpha_uv * this.#alpha.next() +
        beta_uv * this.#beta.next() +
        gamma_uv * this.#gamma.next();
    }
  }
}

/** Muscle of the jaw or brow: broadband, its tone wanders and now and then it tightens for some seconds. */
class ScalpMuscle {
  readonly #random: Random;
  readonly #tone: OrnsteinUhlenbeck;
  #last = 0;
  #tight = 0;

  constructor(
    readonly site: string,
    subject: Subject,
    readonly sfreq: number,
  ) {
    this.#random = new Random(subject.seed, `eeg-muscle/${site}`);
    this.#tone = new OrnsteinUhlenbeck(this.#random, 0.4 * subject.person.noise.eeg, 10, 1);
  }

  fill(out: Float64Array): void {
    if (this.#tight > 0) this.#tight--;
    else if (this.#random.uniform() < 1 / 45) this.#tight = 1 + Math.floor(3 * this.#random.uniform());
    const uv = MUSCLE_UV * Math.exp(this.#tone.next()) * (this.#tight > 0 ? 4 : 1);
    for (let k = 0; k < out.length; k++) {
      // The difference of white noise rises with frequency, as surface EMG does up to its peak near 80 Hz.
      const white = this.#random.gaussian();
      out[k] = uv * Math.SQRT1_2 * (white - this.#last);
      this.#last = white;
    }
  }
}

const muscleSites = ['T7', 'T8', 'Fp1', 'Fp2'];

/** Microvolts at the given electrodes (10-10 labels) against an ideal reference. */
export class Eeg implements Signal {
  readonly info: StreamInfo;
  readonly #scalp: EegWander;
  readonly #sources: Source[];
  readonly #muscles: ScalpMuscle[];
  readonly #blinks: BlinkTrain;
  readonly #sensors: Random[];
  readonly #drifts: OrnsteinUhlenbeck[];
  /** Per source (then muscle), [C] uV at the electrode per uV at the source. */
  readonly #mixing: Float64Array[];
  readonly #blinkGain: Float64Array;
  readonly #mains: Float64Array;
  readonly #mainsPhase: Float64Array;
  readonly #sensor_uv: Float64Array;
  readonly #source: Float64Array;
  readonly #data: Float64Array;
  #second = 0;

  constructor(subject: Subject, info: StreamInfo) {
    this.info = info;
    const { sfreq } = info;
    const { person, seed } = subject;
    const positions = info.channels.map(({ label }) => {
      const position = scalpPosition(label);
      if (!position) throw new Error(`no scalp position for ${label}`);
      return position;
    });
    this.#scalp = EegWander.ofScalp(new Random(seed, 'eeg-wander'), person.noise.eeg);
    this.#sources = patches.map((patch) => new Source(patch, subject, sfreq, this.#scalp));
    this.#muscles = muscleSites.map((site) => new ScalpMuscle(site, subject, sfreq));
    this.#blinks = new BlinkTrain(subject);
    const cortex = patches.map(({ site }) => scalpPosition(site)!);
    const gain = positions.map((position) => {
      const weights = cortex.map((from) => spread(from, position, 0.12));
      const norm = Math.sqrt(weights.reduce((sum, w) => sum + w * w, 0));
      return weights.map((w) => (person.eegGain * w) / norm);
    });
    this.#mixing = [
      ...patches.map((_, s) => Float64Array.from(gain, (weights) => weights[s])),
      ...muscleSites.map((site) =>
        Float64Array.from(positions, (position) => spread(scalpPosition(site)!, position, 0.15)),
      ),
    ];
    const eye: ScalpPosition = [0, 0.99, 0.14];
    this.#blinkGain = Float64Array.from(positions, (p) => BLINK_UV * spread(eye, p, 0.16));
    const place = new Random(seed, 'eeg-electrodes');
    this.#mains = Float64Array.from(positions, () => 1.5 * place.logNormal(0.5));
    this.#mainsPhase = Float64Array.from(positions, () => place.uniform());
    this.#sensor_uv = Float64Array.from(positions, () => SENSOR_UV * person.noise.eeg * place.logNormal(0.3));
    this.#sensors = info.channels.map(({ label }) => new Random(seed, `eeg-sensor/${label}`));
    this.#drifts = info.channels.map(
      ({ label }) => new OrnsteinUhlenbeck(new Random(seed, `eeg-drift/${label}`), 15, 10, 1 / sfreq),
    );
    this.#source = new Float64Array(sfreq);
    this.#data = new Float64Array(positions.length * sfreq);
  }

  next(): Float64Array {
    const n = this.info.sfreq;
    const data = this.#data.fill(0);
    const channels = this.info.channels.length;
    this.#scalp.next();
    [...this.#sources, ...this.#muscles].forEach((source, s) => {
      if (source instanceof Source) source.fill(this.#second, this.#source);
      else source.fill(this.#source);
      const mixing = this.#mixing[s];
      for (let c = 0; c < channels; c++) {
        const weight = mixing[c];
        if (weight < 1e-4) continue;
        for (let k = 0; k < n; k++) data[c * n + k] += weight * this.#source[k];
      }
    });
    this.#addBlinks(data);
    for (let c = 0; c < channels; c++) {
      const random = this.#sensors[c];
      const drift = this.#drifts[c];
      for (let k = 0; k < n; k++)
        data[c * n + k] +=
          this.#sensor_uv[c] * random.gaussian() +
          drift.next() +
          this.#mains[c] * sine((MAINS_HZ * k) / n + this.#mainsPhase[c]);
    }
    this.#second++;
    return data;
  }

  #addBlinks(data: Float64Array): void {
    const n = this.info.sfreq;
    for (const blink of this.#blinks.within(this.#second, this.#second + 1)) {
      const from = Math.max(0, Math.ceil((blink.start - this.#second) * n));
      const to = Math.min(n, Math.ceil((blink.end - this.#second) * n));
      for (let k = from; k < to; k++) {
        const phase = (this.#second + k / n - blink.start) / (blink.end - blink.start);
        const lid = 0.5 * blink.size * (1 - sine(phase + 0.25));
        for (let c = 0; c < this.#blinkGain.length; c++) data[c * n + k] += this.#blinkGain[c] * lid;
      }
    }
  }
}
