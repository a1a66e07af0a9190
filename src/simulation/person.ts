import { Random } from '../core/random.js';

/** How strongly one modality of a person answers valence and arousal: 1 = the population's mean effect. */
export interface Responsivity {
  readonly valence: number;
  readonly arousal: number;
}

export type Modality = 'eeg' | 'eye' | 'heart' | 'skinConductance' | 'skinTemperature' | 'muscle';

/** What makes one simulated person differ from the next (docs/explanation/simulation.md). */
export interface Person {
  readonly responsivity: Readonly<Record<Modality, Responsivity>>;
  /** Multiplies each modality's noise. */
  readonly noise: Readonly<Record<Modality, number>>;
  /** Multiplies the EEG as a whole: skull, electrodes. */
  readonly eegGain: number;
  readonly alphaPeak_hz: number;
  /** Trait asymmetry of alpha, ln power, right minus left. */
  readonly alphaAsymmetry: number;
  readonly heartRate_per_min: number;
  readonly respiration_per_min: number;
  readonly pulseGain: number;
  readonly ecgGain: number;
  readonly pupil_mm: number;
  readonly blinks_per_min: number;
  readonly skinConductance_us: number;
  /** Size of a skin conductance response, uS; small in low responders. */
  readonly scr_us: number;
  readonly skinTemperature_degc: number;
  /** Muscle tone at rest, uV RMS. */
  readonly zygomaticus_uv: number;
  readonly corrugator_uv: number;
}

const SPREAD = 0.25;

/** Draws a person. */
export function drawPerson(seed: number | string): Person {
  const random = new Random(seed, 'person');
  const responsivity = (): Responsivity => ({
    valence: random.logNormal(SPREAD),
    arousal: random.logNormal(SPREAD),
  });
  const perModality = <T>(draw: () => T): Record<Modality, T> => ({
    eeg: draw(),
    eye: draw(),
    heart: draw(),
    skinConductance: draw(),
    skinTemperature: draw(),
    muscle: draw(),
  });
  const lowResponder = random.uniform() < 0.1;
  return {
    responsivity: perModality(responsivity),
    noise: perModality(() => random.logNormal(SPREAD)),
    eegGain: random.logNormal(SPREAD),
    alphaPeak_hz: Math.min(12, Math.max(8.5, 10 + 0.8 * random.gaussian())),
    alphaAsymmetry: 0.15 * random.gaussian(),
    heartRate_per_min: Math.min(95, Math.max(52, 70 + 8 * random.gaussian())),
    respiration_per_min: Math.min(20, Math.max(10, 15 + 2 * random.gaussian())),
    pulseGain: random.logNormal(SPREAD),
    ecgGain: random.logNormal(SPREAD),
    pupil_mm: Math.min(4.8, Math.max(2.6, 3.6 + 0.4 * random.gaussian())),
    blinks_per_min: 15 * random.logNormal(0.35),
    skinConductance_us: 4 * random.logNormal(0.5),
    scr_us: (lowResponder ? 0.03 : 0.3) * random.logNormal(0.4),
    skinTemperature_degc: 32.5 + 1.2 * random.gaussian(),
    zygomaticus_uv: 3 * random.logNormal(SPREAD),
    corrugator_uv: 5 * random.logNormal(SPREAD),
  };
}
