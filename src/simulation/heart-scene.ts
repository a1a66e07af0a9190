import type { Seconds } from '../core/clock.js';
import { Random } from '../core/random.js';

export const heartRhythms = [
  'sinus',
  'ectopic',
  'bigeminy',
  'trigeminy',
  'runs',
  'fibrillation',
  'flutter',
  'pauses',
  'block',
  'paced',
] as const;
/**
 * Ectopic: one beat in ten ventricular, some atrial; bigeminy and trigeminy: every second, every third ventricular; runs: 3 to 8 ventricular
 * beats at about 150 a minute; flutter: the atria at 300 a minute, of which one in 2 to 4 is conducted; pauses of the sinus;
 * block: atrial beats that aren't conducted, for some seconds at times; paced: a spike before either chamber's wave, which are wide.
 */
export type HeartRhythm = (typeof heartRhythms)[number];

export const ecgLeads = [
  'normal',
  'inverted',
  'deep-s',
  'tall-t',
  'taller-t',
  'small',
  'wide',
  'opposed',
] as const;
/**
 * How the heart looks from an electrode: R up; upside down; S deeper than R is high; T nearly as high as R, and higher than it; a
 * quarter in size; a bundle branch block; ventricular beats against the others.
 */
export type EcgLead = (typeof ecgLeads)[number];

export interface HeartSceneOptions {
  readonly seed: number;
  /** Hz; the beats don't depend on it, so that one scene can be had at several rates. */
  readonly sfreq: number;
  readonly duration_s: Seconds;
  readonly rate_per_min: number;
  readonly rhythm: HeartRhythm;
  readonly lead: EcgLead;
  /** Root mean square of white noise, mV. */
  readonly noise_mv: number;
  /** Amplitude of the baseline's wander with the breath, mV. */
  readonly wander_mv: number;
  /** Amplitude of the mains, mV. */
  readonly mains_mv: number;
  /** Stretches of 1 to 3 s in a minute in which a muscle adds `burst_mv` root mean square, or the electrode slips. */
  readonly bursts_per_min: number;
  readonly burst_mv: number;
  /** Ratio of the largest to the smallest beat of the same kind, which comes and goes with the breath and over a minute. */
  readonly swell: number;
  /** Every so many seconds all beats become a quarter, the usual size, four times as large, the usual size; none by default. */
  readonly gain_step_s?: Seconds;
  /** Every so many seconds the electrodes change places; none by default. */
  readonly reversal_s?: Seconds;
  /** Root mean square of what a walking body adds, at its steps and their harmonics, mV; 0 by default. */
  readonly walk_mv?: number;
}

export interface HeartBeatTruth {
  /** Of the R peak (of the largest deflection), s. */
  readonly time: Seconds;
  readonly kind: 'normal' | 'atrial' | 'ventricular';
}

export interface HeartScene {
  readonly sfreq: number;
  /** [n] mV. */
  readonly ecg: Float64Array;
  /** [n] Pulse wave at the finger, about 1 high; early beats, which fill the heart less, give smaller ones. */
  readonly ppg: Float64Array;
  readonly truth: readonly HeartBeatTruth[];
  /** Stretches of noise [from, to), s. */
  readonly bursts: readonly (readonly [Seconds, Seconds])[];
}

/** A Gaussian wave after its beat. */
interface Wave {
  readonly delay_s: number;
  readonly width_s: number;
  readonly size: number;
}

interface Beat {
  readonly time: Seconds;
  /** Blocked: the atria alone. */
  readonly kind: HeartBeatTruth['kind'] | 'blocked';
  /** Since the beat before, s. */
  readonly interval_s: number;
  readonly waves: readonly Wave[];
  readonly size: number;
}

const wave = (delay_s: number, width_s: number, size: number): Wave => ({ delay_s, width_s, size });
const p = wave(-0.17, 0.022, 0.12);
/** Stimuli of a pacemaker, as a recorder with 100 Hz shows them. */
const atrialSpike = wave(-0.21, 0.0018, 1);
const ventricularSpike = wave(-0.05, 0.0018, 2);
/** Atrial waves of flutter a second; a saw's tooth by its first harmonics. */
const FLUTTER_HZ = 5;
const STEPS_HZ = 1.9;
/** What an electrode's contact makes of the size of all beats, step by step. */
const gains = [1, 0.25, 1, 4];

/** P, Q, R, S, T (McSharry et al. 2003, doi:10.1109/TBME.2003.808805, in time); a ventricular beat is wide, without P, its T against it. */
const leads: Readonly<Record<EcgLead, { normal: readonly Wave[]; ventricular: readonly Wave[] }>> = (() => {
  const ventricular = [wave(0, 0.036, 1.5), wave(0.085, 0.04, -0.5), wave(0.32, 0.07, -0.5)];
  const normal = [p, wave(-0.028, 0.009, -0.14), wave(0, 0.011, 1.1), wave(0.028, 0.01, -0.22)];
  const t = wave(0.27, 0.05, 0.28);
  const scaled = (waves: readonly Wave[], by: number) => waves.map((w) => ({ ...w, size: by * w.size }));
  return {
    normal: { normal: [...normal, t], ventricular },
    inverted: { normal: scaled([...normal, t], -1), ventricular: scaled(ventricular, -1) },
    'deep-s': {
      normal: [p, wave(-0.022, 0.009, 0.35), wave(0, 0.012, -1.2), t],
      ventricular: scaled(ventricular, -1),
    },
    'tall-t': { normal: [...normal, wave(0.27, 0.042, 0.95)], ventricular },
    'taller-t': { normal: [...normal, wave(0.27, 0.045, 1.5)], ventricular },
    small: { normal: scaled([...normal, t], 0.25), ventricular },
    wide: {
      normal: [p, wave(-0.03, 0.02, 0.5), wave(0.02, 0.022, 1), wave(0.3, 0.06, -0.35)],
      ventricular,
    },
    opposed: { normal: [...normal, t], ventricular: scaled(ventricular, -1) },
  };
})();

/** Systolic peak and reflected wave, a pulse transit time after the R peak. */
const pulse = [wave(0.35, 0.08, 1), wave(0.6, 0.11, 0.4)];
/** A heart that beats after this much less than its usual time has nothing to push, as a share. */
const EMPTY_SHARE = 0.45;

/**
 * An electrocardiogram and a pulse wave with exact truth, for trying beat detectors: rhythms with premature atrial and
 * ventricular beats, atrial fibrillation and pauses, seen from leads that mislead, under wander, mains, muscle noise
 * and electrodes that slip.
 */
export function simulateHeartScene(options: HeartSceneOptions): HeartScene {
  const { seed, sfreq, duration_s, noise_mv, wander_mv, mains_mv } = options;
  const n = Math.floor(duration_s * sfreq);
  const beats = beatsOf(options);
  const noise = new Random(seed, `electrode-${sfreq}`);
  const ecg = new Float64Array(n);
  const ppg = new Float64Array(n);
  const breath_hz = 0.22;
  for (let i = 0; i < n; i++) {
    const t = i / sfreq;
    ecg[i] =
      noise_mv * noise.gaussian() +
      wander_mv * (Math.sin(2 * Math.PI * breath_hz * t) + 0.5 * Math.sin(2 * Math.PI * 0.07 * t)) +
      mains_mv * Math.sin(2 * Math.PI * 50 * t);
    ppg[i] = 0.02 * noise.gaussian() + 0.25 * Math.sin(2 * Math.PI * breath_hz * t);
    if (options.rhythm === 'fibrillation') ecg[i] += 0.06 * Math.sin(2 * Math.PI * 6.3 * t + 2 * Math.sin(t));
    else if (options.rhythm === 'flutter') ecg[i] += 0.1 * saw(2 * Math.PI * FLUTTER_HZ * t);
    if (options.walk_mv) ecg[i] += options.walk_mv * walk(t);
  }
  const usual_s = 60 / options.rate_per_min;
  for (const beat of beats) {
    for (const w of beat.waves) add(ecg, sfreq, beat.time, w, beat.size);
    if (beat.kind === 'blocked') continue;
    const filled = Math.max(0.25, Math.min(1, (beat.interval_s / usual_s - EMPTY_SHARE) / 0.4));
    for (const w of pulse) add(ppg, sfreq, beat.time, w, filled * Math.sqrt(beat.size));
  }
  const bursts = addBursts(ecg, options);
  const { reversal_s } = options;
  if (reversal_s) for (let i = 0; i < n; i++) if (Math.floor(i / sfreq / reversal_s) % 2) ecg[i] = -ecg[i];
  const truth = beats.flatMap(({ time, kind }) =>
    time >= 0 && time < duration_s && kind !== 'blocked' ? [{ time, kind }] : [],
  );
  return { sfreq, ecg, ppg, truth, bursts };
}

function saw(phase: number): number {
  return Math.sin(phase) + Math.sin(2 * phase) / 2 + Math.sin(3 * phase) / 3;
}

/** Root mean square 1: steps that vary in strength and in pace. */
function walk(t: Seconds): number {
  const phase = 2 * Math.PI * STEPS_HZ * t + 1.5 * Math.sin(0.9 * t);
  const strength = 1 + 0.5 * Math.sin(0.31 * t);
  return 1.1 * strength * (Math.sin(phase) + 0.6 * Math.sin(2 * phase + 1) + 0.3 * Math.sin(3 * phase + 2));
}

function add(row: Float64Array, sfreq: number, beat_s: number, w: Wave, size: number): void {
  const middle = (beat_s + w.delay_s) * sfreq;
  const width = w.width_s * sfreq;
  const to = Math.min(row.length, Math.ceil(middle + 5 * width));
  for (let k = Math.max(0, Math.ceil(middle - 5 * width)); k < to; k++) {
    const z = (k - middle) / width;
    row[k] += size * w.size * Math.exp(-0.5 * z * z);
  }
}

function beatsOf(options: HeartSceneOptions): Beat[] {
  const { seed, duration_s, rate_per_min, rhythm, lead, swell, gain_step_s } = options;
  const random = new Random(seed, 'rhythm');
  const usual_s = 60 / rate_per_min;
  const beats: Beat[] = [];
  /** A premature beat's pause, which makes up for it, s. */
  let owed_s = 0;
  /** Ventricular beats, or atrial ones that aren't conducted, that are still to come in a row. */
  let inRow = 0;
  let time = -2;
  while (time < duration_s + 1) {
    const sway =
      1 + 0.04 * Math.sin(2 * Math.PI * 0.22 * time) + 0.03 * Math.sin(time / 9) + 0.01 * random.gaussian();
    let interval_s = usual_s * sway + owed_s;
    let kind: Beat['kind'] = 'normal';
    owed_s = 0;
    const last = beats.at(-1)?.kind ?? 'normal';
    if (rhythm === 'fibrillation') {
      interval_s = usual_s * Math.max(0.45, 1 + 0.24 * random.gaussian());
      if (random.uniform() < 0.04) kind = 'ventricular';
    } else if (rhythm === 'flutter') interval_s = Math.floor(random.between(2, 5)) / FLUTTER_HZ;
    else if (rhythm === 'bigeminy') {
      if (last === 'normal') kind = 'ventricular';
    } else if (rhythm === 'trigeminy') {
      if (last === 'normal' && beats.at(-2)?.kind === 'normal') kind = 'ventricular';
    } else if (rhythm === 'ectopic') {
      const draw = random.uniform();
      // A ventricular beat may have a second one on its heels.
      if (draw < (last === 'ventricular' ? 0.25 : 0.1)) kind = 'ventricular';
      else if (last === 'normal' && draw < 0.16) kind = 'atrial';
    } else if (rhythm === 'runs') {
      if (inRow === 0 && last === 'normal' && random.uniform() < 0.06)
        inRow = Math.floor(random.between(3, 9));
      if (inRow > 0) {
        inRow--;
        kind = 'ventricular';
        interval_s = random.between(0.38, 0.42);
        if (inRow === 0) owed_s = 0.3;
      }
    } else if (rhythm === 'block') {
      if (inRow > 0) {
        inRow--;
        kind = 'blocked';
      } else if (random.uniform() < 0.15) {
        kind = 'blocked';
        if (random.uniform() < 0.3) inRow = Math.floor(random.between(1, 4));
      }
    } else if (rhythm === 'pauses' && random.uniform() < 0.05) interval_s += random.between(1, 2.5);
    if (kind === 'atrial' || (kind === 'ventricular' && rhythm !== 'fibrillation' && rhythm !== 'runs')) {
      const early = random.between(0.55, 0.75) * interval_s;
      // The rhythm goes on where it was after a ventricular beat, and starts anew after an atrial one.
      if (kind === 'ventricular') owed_s = interval_s - early;
      interval_s = early;
    }
    time += Math.max(0.3, interval_s);
    const swing =
      0.5 + 0.25 * Math.sin(2 * Math.PI * 0.22 * time) + 0.25 * Math.sin((2 * Math.PI * time) / 45);
    const gain = gain_step_s ? gains[Math.max(0, Math.floor(time / gain_step_s)) % gains.length] : 1;
    const size = gain * Math.exp((swing - 1) * Math.log(swell));
    beats.push({ time, kind, interval_s, waves: wavesOf(kind, rhythm, lead), size });
  }
  return beats;
}

function wavesOf(kind: Beat['kind'], rhythm: HeartRhythm, lead: EcgLead): readonly Wave[] {
  const { normal, ventricular } = leads[lead];
  if (kind === 'ventricular') return ventricular;
  if (kind === 'blocked') return normal.slice(0, 1);
  if (rhythm === 'paced') return [atrialSpike, ventricularSpike, ...normal.slice(0, 1), ...ventricular];
  return kind === 'atrial' || rhythm === 'flutter' ? normal.slice(1) : normal;
}

function addBursts(ecg: Float64Array, options: HeartSceneOptions): [Seconds, Seconds][] {
  const { seed, sfreq, duration_s, bursts_per_min, burst_mv } = options;
  const random = new Random(seed, 'bursts');
  const noise = new Random(seed, `muscle-${sfreq}`);
  const bursts: [Seconds, Seconds][] = [];
  if (bursts_per_min === 0) return bursts;
  for (let at = 8; at < duration_s - 4; at += random.between(0.5, 1.5) * (60 / bursts_per_min)) {
    const length_s = random.between(1, 3);
    const slips = random.uniform() < 0.4;
    const from = Math.round(at * sfreq);
    const to = Math.min(ecg.length, Math.round((at + length_s) * sfreq));
    bursts.push([at, at + length_s]);
    for (let i = from; i < to; i++) {
      const s = (i - from) / sfreq;
      // A slipped electrode leaps and creeps back.
      ecg[i] += slips ? 12 * burst_mv * Math.exp(-s / 0.6) : burst_mv * noise.gaussian();
    }
  }
  return bursts;
}
