import { Random } from '../core/random.js';
import { loadExamples } from '../learn/examples/example-set.js';
import { FrameLoader } from '../learn/examples/frame-loader.js';
import { standardisedInputs } from '../learn/examples/standardise.js';
import { Sgd } from '../learn/fit/sgd.js';
import { activeObjectives, Trainer } from '../learn/fit/trainer.js';
import { chooseTrainingEngine, type TrainingEngineChoice } from '../model/engines/training-engine.js';
import { encodeFrames } from '../model/frames.js';
import { bindModel } from '../model/networks/definition.js';
import { countParameters, initialParameters } from '../model/networks/parameters.js';
import { prnetImage } from '../model/networks/prnet-image.js';
import { median } from '../signal/dsp/statistics.js';

/** The paper's batch, and what WebAssembly's memory holds of it. */
const BATCH = 128;
const WASM_BATCH = 8;
const AUGMENTATION = { rotation_deg: 30, zoom: 0.15, flip: true, brightness: 0.2, contrast: 0.2 };
const DIMENSIONS = ['valence', 'arousal'] as const;

export interface TrainFacesBenchmark {
  readonly bench: 'train-faces';
  readonly engine: string;
  readonly batch: number;
  readonly parameters: number;
  /** One step after another, images drawn beforehand; medians. */
  readonly ms_per_step: number;
  /** What of it takes how long, ms: altering the images, the network with its losses and gradients, moving the weights. */
  readonly profile: Readonly<Record<'augmentation' | 'network' | 'optimiser', number>>;
  readonly images_per_s: number;
  /** Of 50,000 steps, as in the paper. */
  readonly hours: number;
}

export interface TrainFacesOptions {
  /** Default `auto`. */
  readonly engine?: TrainingEngineChoice;
  /** Images a step. Default 128; 8 on WebAssembly. */
  readonly batch?: number;
  /** Measured time, s; three steps at least. Default 10. */
  readonly seconds?: number;
  /** Channels of the network's stages; default: the paper's. */
  readonly stages?: readonly number[];
}

/**
 * Time of a training step of PRNet's network for face images of 96 x 96: squared error and ranking of valence and arousal, and
 * gradient descent with momentum.
 */
export async function benchTrainFaces({
  engine: choice,
  batch,
  seconds = 10,
  stages,
}: TrainFacesOptions = {}): Promise<TrainFacesBenchmark> {
  const { tf, device, name: engine } = await chooseTrainingEngine(choice);
  const size = batch ?? (engine === 'wasm' ? WASM_BATCH : BATCH);
  const dataset = { kind: 'simulated-faces', seed: 'bench', images: { training: size, validation: 1 } };
  const { inputs, examples } = await loadExamples(
    { dataset, people: ['training'], step_s: 1, labels: { shift_s: 0 } },
    { pipeline: null, directory: '.' },
  );
  const specs = standardisedInputs(inputs, examples, null, false);
  const settings = prnetImage.settings.parse({
    heads: DIMENSIONS,
    ranking: DIMENSIONS,
    ...(stages && { stages }),
  });
  const model = bindModel(prnetImage, settings, specs);
  const parameters = initialParameters(model.parameters, 1);
  const loss = {
    mse: { weight: 1 },
    ranking: { weight: 1, tolerance: 0.15, pairs: 'halves', within_person: true },
  };
  const trainer = new Trainer(
    tf,
    model,
    activeObjectives(loss),
    parameters,
    new Random(1),
    model.parameters,
    device.differentiable(model),
  );
  const sgd = new Sgd(
    trainer.trained.map(({ length }) => length),
    { momentum: 0.9, weight_decay: 1e-4 },
  );
  const loader = new FrameLoader(model, { seed: 1, augmentation: AUGMENTATION });
  const times = { augmentation: [] as number[], network: [] as number[], optimiser: [] as number[] };
  const step = async (index: number): Promise<void> => {
    const began = performance.now();
    const encoded = encodeFrames(specs, await loader.frames(examples, index));
    const altered = performance.now();
    const { gradients } = trainer.step(encoded, examples);
    const computed = performance.now();
    sgd.update(trainer.trained, gradients, 1e-3);
    times.augmentation.push(altered - began);
    times.network.push(computed - altered);
    times.optimiser.push(performance.now() - computed);
  };

  // The first draws the images and compiles the engine's kernels.
  await step(0);
  for (const list of Object.values(times)) list.length = 0;
  const until = performance.now() + 1000 * seconds;
  for (let index = 1; index <= 3 || performance.now() < until; index++) await step(index);
  await device.close();

  const rounded = (value: number): number => Number(value.toFixed(2));
  const ms_per_step = median(times.network.map((ms, i) => ms + times.augmentation[i] + times.optimiser[i]));
  return {
    bench: 'train-faces',
    engine,
    batch: size,
    parameters: countParameters(model.parameters),
    ms_per_step: rounded(ms_per_step),
    profile: {
      augmentation: rounded(median(times.augmentation)),
      network: rounded(median(times.network)),
      optimiser: rounded(median(times.optimiser)),
    },
    images_per_s: rounded((1000 * size) / ms_per_step),
    hours: rounded((50_000 * ms_per_step) / 3_600_000),
  };
}
