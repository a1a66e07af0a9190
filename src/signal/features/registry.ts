import type { FeatureDefinition } from '../../core/component.js';
import { respiration } from './breath/respiration.js';
import { asymmetry } from './eeg/asymmetry.js';
import { bandPowerWelch } from './eeg/band-power-welch.js';
import { bandVariance } from './eeg/band-variance.js';
import { differentialEntropy } from './eeg/differential-entropy.js';
import { powerSpectralAsymmetry } from './eeg/power-spectral-asymmetry.js';
import { seedDifferentialEntropy } from './eeg/seed-differential-entropy.js';
import { eyeMovement } from './eye/eye-movement.js';
import { eyePotential } from './eye/eye-potential.js';
import { gazeStatistics } from './eye/gaze-statistics.js';
import { pupilStatistics } from './eye/pupil-statistics.js';
import { actionUnits } from './face/action-units.js';
import { heartRate } from './heart/heart-rate.js';
import { heartRateVariability } from './heart/heart-rate-variability.js';
import { motion } from './motion/motion.js';
import { muscleActivity } from './muscle/muscle-activity.js';
import { signalQuality } from './quality/signal-quality.js';
import { physiological } from './signs/physiological.js';
import { skinConductance } from './skin/skin-conductance.js';
import { skinConductanceResponse } from './skin/skin-conductance-response.js';
import { skinTemperature } from './skin/skin-temperature.js';

// A definition is stored without its parameter type: the schema that it carries is what checks the parameters.
const definitions = [
  differentialEntropy,
  seedDifferentialEntropy,
  bandVariance,
  bandPowerWelch,
  powerSpectralAsymmetry,
  asymmetry,
  signalQuality,
  pupilStatistics,
  gazeStatistics,
  eyeMovement,
  eyePotential,
  heartRate,
  heartRateVariability,
  skinConductance,
  skinConductanceResponse,
  respiration,
  muscleActivity,
  skinTemperature,
  motion,
  actionUnits,
  physiological,
] as unknown as readonly FeatureDefinition[];

/** Every feature extractor by name: what `extract` can list under `features`. */
export const featureDefinitions: ReadonlyMap<string, FeatureDefinition> = new Map(
  definitions.map((definition) => [definition.name, definition]),
);
