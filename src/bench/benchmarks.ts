import { ConfigurationError } from '../core/errors.js';
import { engineNames } from '../model/engines/engine.js';
import { trainingEngineNames } from '../model/engines/training-engine.js';
import { benchEye } from './eye.js';
import { benchFeatures } from './features.js';
import { benchLsl } from './lsl.js';
import { benchModel, benchModelEegnet } from './model.js';
import { benchPhysio } from './physio.js';
import { benchReplay } from './replay.js';
import { benchTrain, benchTrainEegnet } from './train.js';
import { benchTrainFaces } from './train-faces.js';

/** What some benchmarks can be told. */
export interface BenchmarkOptions {
  /** What computes a model. */
  readonly engine?: string;
  /** Windows a training step. */
  readonly batch?: number;
}

export type Benchmark = (options?: BenchmarkOptions) => Promise<Readonly<Record<string, unknown>>>;

/** The engine named, where it is one of `known`. */
function engineOf<N extends string>(known: readonly N[], { engine }: BenchmarkOptions): N | 'auto' {
  if (engine === undefined || engine === 'auto') return 'auto';
  const found = known.find((name) => name === engine);
  if (!found)
    throw new ConfigurationError(
      'engine-unavailable',
      `--engine: ${engine} is not one of ${known.join(', ')}`,
    );
  return found;
}

const serving = (options: BenchmarkOptions = {}) => ({ engine: engineOf(engineNames, options) });
const training = ({ batch, ...options }: BenchmarkOptions = {}) => ({
  engine: engineOf(trainingEngineNames, options),
  ...(batch !== undefined && { batch }),
});

/** Benchmarks that run only where they are named: on WebAssembly this one takes minutes and gigabytes. */
export const onlyNamed: ReadonlySet<string> = new Set(['train-faces']);

/** Every benchmark by the name that `affectd bench` knows it by. */
export const benchmarks: ReadonlyMap<string, Benchmark> = new Map<string, Benchmark>([
  ['features', async () => ({ ...(await benchFeatures()) })],
  ['physio', async () => ({ ...(await benchPhysio()) })],
  ['eye', async () => ({ ...(await benchEye()) })],
  ['model', async (options) => ({ ...(await benchModel(serving(options))) })],
  ['model-eegnet', async (options) => ({ ...(await benchModelEegnet(serving(options))) })],
  ['train', async (options) => ({ ...(await benchTrain(training(options))) })],
  ['train-eegnet', async (options) => ({ ...(await benchTrainEegnet(training(options))) })],
  ['train-faces', async (options) => ({ ...(await benchTrainFaces(training(options))) })],
  ['replay', async () => ({ ...(await benchReplay()) })],
  ['lsl', async () => ({ ...(await benchLsl()) })],
]);
