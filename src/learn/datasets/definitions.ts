import { affectnet } from './affectnet.js';
import { amigos } from './amigos.js';
import { caseDataset } from './case.js';
import type { DatasetDefinition } from './dataset.js';
import { deap } from './deap.js';
import { dreamer } from './dreamer.js';
import { eegmat } from './eegmat.js';
import { esports } from './esports.js';
import { seed } from './seed.js';
import { seedIv } from './seed-iv.js';
import { seedMultimodal } from './seed-multimodal.js';
import { seedV } from './seed-v.js';
import { simulatedFaces } from './simulated-faces.js';
import { simulatedFeatures } from './simulated-features.js';
import { simulatedPeople } from './simulated-people.js';
import { stressPredict } from './stress-predict.js';
import { xdfSessions } from './xdf-sessions.js';

const definitions: readonly DatasetDefinition<unknown>[] = [
  deap,
  dreamer,
  seed,
  seedMultimodal,
  seedIv,
  seedV,
  amigos,
  affectnet,
  caseDataset,
  stressPredict,
  eegmat,
  esports,
  xdfSessions,
  simulatedFeatures,
  simulatedFaces,
  simulatedPeople,
];

/** Every kind of data set, by name. */
export const datasetDefinitions: ReadonlyMap<string, DatasetDefinition<unknown>> = new Map(
  definitions.map((definition) => [definition.kind, definition]),
);
