import type { FeatureDescriptor } from '../../core/features.js';
import { canonicalLabels } from '../../signal/montage/labels.js';

/** Electrodes of SEED, SEED-IV and SEED-V in the order of their files, as these spell them. */
export const seedElectrodes =
  'FP1 FPZ FP2 AF3 AF4 F7 F5 F3 F1 FZ F2 F4 F6 F8 FT7 FC5 FC3 FC1 FCZ FC2 FC4 FC6 FT8 T7 C5 C3 C1 CZ C2 C4 C6 T8 TP7 CP5 CP3 CP1 CPZ CP2 CP4 CP6 TP8 P7 P5 P3 P1 PZ P2 P4 P6 P8 PO7 PO5 PO3 POZ PO4 PO6 PO8 CB1 O1 OZ O2 CB2'.split(
    ' ',
  );

export const SEED_SFREQ_HZ = 200;

export const seedBandNames = ['delta', 'theta', 'alpha', 'beta', 'gamma'] as const;

/** Variables of released features of electrodes, without the trial's number. */
export const seedFeatures = ['de_LDS', 'de_movingAve', 'psd_LDS', 'psd_movingAve'] as const;
export type SeedFeature = (typeof seedFeatures)[number];

/** Variables of released features of electrode pairs; SEED alone has them. */
export const seedPairFeatures = [
  'dasm_LDS',
  'dasm_movingAve',
  'rasm_LDS',
  'rasm_movingAve',
  'asm_LDS',
  'asm_movingAve',
  'dcau_LDS',
  'dcau_movingAve',
] as const;
export type SeedPairFeature = (typeof seedPairFeatures)[number];

/** [62 x 5] electrode by electrode, its bands in order; what `seed-differential-entropy` gives live is named the same. */
export function seedEegDescriptors(feature: SeedFeature): FeatureDescriptor[] {
  const [prefix, unit] = feature.startsWith('de') ? ['de_seed', 'log2'] : ['psd_seed', ''];
  return canonicalLabels(seedElectrodes).flatMap((channel) =>
    seedBandNames.map((band) => ({ channel, feature: `${prefix}_${band}`, unit })),
  );
}

const entropies = (axis: 'x' | 'y'): FeatureDescriptor[] =>
  ['0_200', '200_400', '400_600', '600_1000'].map((band) => ({
    channel: 'pupil',
    feature: `${axis}_de_${band}_mhz`,
    unit: 'log2',
  }));

const of = (channel: string, unit: string, ...names: string[]): FeatureDescriptor[] =>
  names.map((feature) => ({ channel, feature, unit }));

/**
 * The 33 eye features of SEED's multimodal set and SEED-V in their order (Lu et al. 2015, Table 1; the order within the
 * blocks follows SEED-IV's release). Those from the blinks' frequency on are one value a trial.
 */
export const seedEyeDescriptors: readonly FeatureDescriptor[] = [
  ...of('pupil', 'px', 'x_mean', 'y_mean', 'x_sd', 'y_sd'),
  ...entropies('x'),
  ...entropies('y'),
  ...of('fixation', 'px', 'dispersion_x_mean', 'dispersion_y_mean', 'dispersion_x_sd', 'dispersion_y_sd'),
  ...of('fixation', 'ms', 'duration_mean', 'duration_sd'),
  ...of('blink', 'ms', 'duration_mean', 'duration_sd'),
  ...of('saccade', 'ms', 'duration_mean'),
  ...of('saccade', 'deg', 'amplitude_mean'),
  ...of('saccade', 'ms', 'duration_sd'),
  ...of('saccade', 'deg', 'amplitude_sd'),
  ...of('blink', '1/s', 'frequency_trial'),
  ...of('fixation', '1/s', 'frequency_trial'),
  ...of('fixation', 'ms', 'duration_max_trial'),
  ...of('fixation', 'px', 'dispersion_total_trial', 'dispersion_max_trial'),
  ...of('saccade', '1/s', 'frequency_trial'),
  ...of('saccade', 'ms', 'duration_mean_trial'),
  ...of('saccade', 'deg', 'amplitude_mean_trial'),
  ...of('saccade', 'ms', 'latency_mean_trial'),
];

/** SEED-IV's 31: those above without the blinks' durations. */
export const seedIvEyeDescriptors: readonly FeatureDescriptor[] = seedEyeDescriptors.filter(
  ({ channel, feature }) => !(channel === 'blink' && feature.startsWith('duration')),
);
