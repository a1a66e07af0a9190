import { Random } from '../core/random.js';
import type { Example } from '../learn/examples/example.js';
import { Adam } from '../learn/fit/adam.js';
import { activeObjectives, Trainer } from '../learn/fit/trainer.js';
import { differentiable } from '../model/engines/differentiable.js';
import { chooseTrainingEngine, type TrainingEngineChoice } from '../model/engines/training-engine.js';
import { WasmModel } from '../model/engines/wasm/wasm-model.js';
import { bindModel } from '../model/networks/definition.js';
import { hiMoe } from '../model/networks/hi-moe.js';
import { countParameters, initialParameters } from '../model/networks/parameters.js';
import { median } from '../signal/dsp/statistics.js';
import { eegnetCase, featureCase, type ModelCase, randomBatch } from './model-cases.js';
import { DEFAULT_PYTHON, runPeer } from './peer.js';

const LEARNING_RATE = 1e-4;

export interface TrainBenchmark {
  readonly bench: 'train' | 'train-eegnet';
  readonly engine: string;
  readonly threads: 1;
  readonly batch: number;
  readonly parameters: number;
  /** Forward and backward pass of the model and its losses (squared error and 1 - CCC), and Adam's step. */
  readonly ms_per_step: number;
  /** Where a step's time goes, ms; the model's part by kind of kernel, where the kernels are ours. */
  readonly profile: Readonly<Record<string, number>>;
  /** PyTorch at the same step, in turn with ours; null where Python has no torch. */
  readonly peer: { readonly name: string; readonly ms_per_step: number } | null;
  /** Ours divided by the peer's. */
  readonly ratio: number | null;
}

export interface TrainBenchmarkOptions {
  /** Default `auto`. */
  readonly engine?: TrainingEngineChoice;
  /** Windows a step. Default 32. */
  readonly batch?: number;
  /** Measured time of each round, s. Default 3. */
  readonly seconds?: number;
  /** Rounds, ours and the peer's in turn; medians are reported. Default 3. */
  readonly rounds?: number;
  /** Python for the peer, or null to leave it out. */
  readonly python?: string | null;
}

/** Windows of somebody whose valence and arousal go up and down. */
function examplesOf(count: number): Example[] {
  return Array.from({ length: count }, (_, i) => ({
    person: 'somebody',
    session: 'one',
    trial: `${i}`,
    stimulus: null,
    position: i,
    file: 0,
    window: [i, i + 4],
    since_start: i,
    since_onset: i,
    frame: [],
    label: {
      targets: {
        valence: Math.sin(i),
        arousal: Math.cos(i),
        dominance: Math.sin(2 * i),
        liking: Math.cos(3 * i),
      },
      class: null,
    },
  }));
}

const rounded = (ms: number): number => Number(ms.toFixed(4));

/** Calls `once` for `seconds`, three times at least, and gives each call's ms. */
function timesOf(seconds: number, once: () => void): number[] {
  const times: number[] = [];
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until || times.length < 3) {
    const start = performance.now();
    once();
    times.push(performance.now() - start);
  }
  return times;
}

async function measure(
  bench: TrainBenchmark['bench'],
  { settings, inputs }: ModelCase,
  {
    engine: choice,
    batch: size = 32,
    seconds = 3,
    rounds = 3,
    python = DEFAULT_PYTHON,
  }: TrainBenchmarkOptions,
): Promise<TrainBenchmark> {
  const { tf, device, name: engine } = await chooseTrainingEngine(choice);
  const model = bindModel(hiMoe, hiMoe.settings.parse(settings), inputs);
  const parameters = initialParameters(model.parameters, 1);
  const spent = new Map<string, number>();
  const spend = (what: string, start: number): void => {
    spent.set(what, (spent.get(what) ?? 0) + performance.now() - start);
  };
  let profiling = false;
  const wasm = new WasmModel(model, ({ work, run }) => {
    if (!profiling) {
      run();
      return;
    }
    const start = performance.now();
    run();
    spend(work, start);
  });
  const objectives = activeObjectives({ mse: { weight: 1 }, ccc: { weight: 1 } });
  const network = engine === 'wasm' ? differentiable(tf, model, wasm) : device.differentiable(model);
  const trainer = new Trainer(tf, model, objectives, parameters, new Random(1), model.parameters, network);
  const adam = new Adam(trainer.trained.map(({ length }) => length));
  const batch = randomBatch(inputs, size);
  const examples = examplesOf(size);
  const step = (): void => {
    const start = performance.now();
    const { gradients } = trainer.step(batch, examples);
    spend('forward_and_backward', start);
    const computed = performance.now();
    adam.update(trainer.trained, gradients, LEARNING_RATE);
    spend('adam', computed);
  };

  timesOf(Math.min(1, seconds), step);
  const ours: number[] = [];
  const peers: { name: string; ms_per_step: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(median(timesOf(seconds, step)));
    const peer = python === null ? null : runPeer(python, 'hi_moe.py', [bench, seconds, size]);
    if (peer) peers.push(peer as (typeof peers)[number]);
  }
  spent.clear();
  profiling = true;
  const steps = timesOf(seconds, step).length;
  await device.close();

  const ms_per_step = rounded(median(ours));
  const peer =
    peers.length > 0
      ? { name: peers[0].name, ms_per_step: rounded(median(peers.map((p) => p.ms_per_step))) }
      : null;
  return {
    bench,
    engine,
    threads: 1,
    batch: size,
    parameters: countParameters(model.parameters),
    ms_per_step,
    profile: profileOf(spent, steps),
    peer,
    ratio: peer && rounded(ms_per_step / peer.ms_per_step),
  };
}

/** ms a step; what the forward and backward pass do outside of kernels of ours is losses and the passing on of tensors. */
function profileOf(spent: ReadonlyMap<string, number>, steps: number): Record<string, number> {
  const { forward_and_backward: whole = 0, adam = 0, ...kernels } = Object.fromEntries(spent);
  const inKernels = Object.values(kernels).reduce((sum, ms) => sum + ms, 0);
  const parts = { ...kernels, losses: whole - inKernels, adam };
  return Object.fromEntries(Object.entries(parts).map(([name, ms]) => [name, rounded(ms / steps)]));
}

/** Median time of a training step at batch 32, or another, of the layer table's Hi-MoE (325,916 parameters). */
export function benchTrain(options: TrainBenchmarkOptions = {}): Promise<TrainBenchmark> {
  return measure('train', featureCase(), options);
}

/** The same with eight modalities of raw windows, EEGNet on EEG [32, 512]. */
export function benchTrainEegnet(options: TrainBenchmarkOptions = {}): Promise<TrainBenchmark> {
  return measure('train-eegnet', eegnetCase(), options);
}
