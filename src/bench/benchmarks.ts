import { benchEye } from './eye.js';
import { benchFeatures } from './features.js';
import { benchLsl } from './lsl.js';
import { benchModel, benchModelEegnet } from './model.js';
import { benchPhysio } from './physio.js';
import { benchReplay } from './replay.js';
import { benchTrain, benchTrainEegnet } from './train.js';

export type Benchmark = () => Promise<Readonly<Record<string, unknown>>>;

/** Every benchmark by the name that `affectd bench` knows it by. */
export const benchmarks: ReadonlyMap<string, Benchmark> = new Map<string, Benchmark>([
  ['features', async () => ({ ...(await benchFeatures()) })],
  ['physio', async () => ({ ...(await benchPhysio()) })],
  ['eye', async () => ({ ...(await benchEye()) })],
  ['model', async () => ({ ...(await benchModel()) })],
  ['model-eegnet', async () => ({ ...(await benchModelEegnet()) })],
  ['train', async () => ({ ...(await benchTrain()) })],
  ['train-eegnet', async () => ({ ...(await benchTrainEegnet()) })],
  ['replay', async () => ({ ...(await benchReplay()) })],
  ['lsl', async () => ({ ...(await benchLsl()) })],
]);
