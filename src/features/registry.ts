import type { FeatureDefinition } from '../core/component.js';
import { actionUnits } from './action-units.js';
import { asymmetry } from './asymmetry.js';
import { bandPowerWelch } from './band-power-welch.js';
import { bandVariance } from './band-variance.js';
import { differentialEntropy } from './differential-entropy.js';
import { eyeMovement } from './eye-movement.js';
import { eyePotential } from './eye-potential.js';
import { gazeStatistics } from './gaze-statistics.js';
import { heartRate } from './heart-rate.js';
import { heartRateVariability } from './heart-rate-variability.js';
import { motion } from './motion.js';
import { muscleActivity } from './muscle-activity.js';
import { physiological } from './physiological.js';
import { powerSpectralAsymmetry } from './power-spectral-asymmetry.js';
import { pupilStatistics } from './pupil-statistics.js';
import { respiration } from './respiration.js';
import { seedDifferentialEntropy } from './seed-differential-entropy.js';
import { signalQuality } from './signal-quality.js';
import { skinConductance } from './skin-conductance.js';
import { skinConductanceResponse } from './skin-conductance-response.js';
import { skinTemperature } from './skin-temperature.js';

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
