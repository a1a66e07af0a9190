/**
 * Population means of what affect does to the body, per unit of valence or arousal. The sources, and which are
 * enlarged for a demo, are in docs/explanation/simulation.md; `ln` means the natural logarithm of power, rate or amplitude.
 */
export const effects = {
  eeg: {
    delay_s: 0.3,
    /** ln power of alpha: minus on the left, plus on the right, times the site's frontal weight. */
    alpha_valence_side: 0.3,
    alpha_arousal: -0.35,
    beta_valence: 0.4,
    beta_arousal: 0.3,
    gamma_valence: 0.5,
    gamma_arousal: 0.3,
  },
  pupil: { delay_s: 0.5, tau_s: 1, arousal_mm: 0.35 },
  blink: { arousal: 0.25, valence: -0.2 },
  gaze: { saccade_valence: 0.2, fixation_arousal: -0.15 },
  heart: {
    tau_s: 3,
    rate_arousal_per_min: 8,
    rate_valence_per_min: 2,
    respiratory_arousal: -0.25,
    pulse_arousal: -0.25,
  },
  skinConductance: {
    /** Responses per minute at neutral arousal. */
    rate_per_min: 6,
    rate_arousal: 0.9,
    amplitude_arousal: 0.3,
    latency_s: [1, 3],
    level_arousal: 0.12,
    level_delay_s: 2,
    level_tau_s: 8,
  },
  skinTemperature: { delay_s: 6, tau_s: 9, arousal_degc: -0.35, valence_degc: 0.08 },
  muscle: { delay_s: 0.4, zygomaticus_valence: 0.8, corrugator_valence: -0.4 },
} as const;

/** Little below neutral, rising above: -0.16 at -1, 0 at 0, 0.84 at 1. */
export function rising(valence: number): number {
  return (valence + Math.sqrt(valence * valence + 0.16)) / 2 - 0.2;
}
