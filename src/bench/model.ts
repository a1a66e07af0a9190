import type { z } from 'zod';
import { median } from '../dsp/statistics.js';
import { chooseEngine } from '../engines/choose.js';
import type { EngineChoice } from '../engines/engine.js';
import { writeOnnx } from '../engines/onnx-writer.js';
import { bindModel, type InputSpec, inputShape } from '../models/definition.js';
import type { ModelBatch } from '../models/frames.js';
import { hiMoe, type hiMoeSettings } from '../models/hi-moe.js';
import { countParameters, initialParameters, sizeOf } from '../models/parameters.js';
import { mulberry32 } from '../models/random.js';
import { DEFAULT_PYTHON, runPeer } from './peer.js';

const BATCHES = [1, 8, 64, 256] as const;
type Milliseconds = Record<`ms_b${(typeof BATCHES)[number]}`, number>;

export interface ModelBenchmark extends Milliseconds {
  readonly bench: 'model' | 'model-eegnet';
  readonly engine: string;
  readonly threads: 1;
  readonly parameters: number;
  /** PyTorch on the same graph, from this run; null where Python has no torch. */
  readonly peer: { readonly name: string; readonly eager: Milliseconds; readonly jit: Milliseconds } | null;
}

export interface ModelBenchmarkOptions {
  readonly engine?: EngineChoice;
  /** Time spent on each batch size, s. */
  readonly seconds?: number;
  /** Python to run the peer with; null = none. */
  readonly python?: string | null;
}

interface Case {
  readonly settings: z.input<typeof hiMoeSettings>;
  readonly inputs: readonly InputSpec[];
}

const HEADS = ['valence', 'arousal', 'dominance', 'liking'] as const;

function unscaled(name: string, channels: number) {
  const standardisation = { mean: Array(channels).fill(0), sd: Array(channels).fill(1), clip_sd: null };
  return { name, upstream: 'benchmark', standardisation, with_mask: false };
}

function features(name: string, size: number): InputSpec {
  const list = Array.from({ length: size }, (_, i) => ({ channel: name, feature: `f${i}`, unit: '' }));
  return { kind: 'features', features: list, ...unscaled(name, size) };
}

function raw(name: string, channels: number, length: number, sfreq_hz: number): InputSpec {
  const labels = Array.from({ length: channels }, (_, i) => `${name}${i}`);
  return { kind: 'window', channels: labels, sfreq_hz, length, ...unscaled(name, channels) };
}

/** The layer table of docs/explanation/engines.md: six feature vectors. */
function featureCase(): Case {
  const sizes = { eeg: 310, eye: 33, heart: 12, eda: 8, emg: 8, temp: 8 };
  const inputs = Object.entries(sizes).map(([name, size]) => features(name, size));
  return {
    inputs,
    settings: {
      width: 64,
      encoders: Object.fromEntries(inputs.map(({ name }) => [name, { kind: 'mlp', hidden: 64 }])),
      modality_experts: { count: 4, hidden: 64 },
      emotion_experts: { count: 8, hidden: 64 },
      head_hidden: 32,
      heads: [...HEADS],
      activation: 'relu',
    },
  };
}

/** DEAP's eight modalities as raw 4-s windows at 128 Hz: EEGNet for 32 EEG channels, convolutions for the rest. */
function eegnetCase(): Case {
  const peripheral = { face: 1, eog: 2, emg: 2, eda: 1, resp: 1, bvp: 1, temp: 1 };
  const inputs = [
    raw('eeg', 32, 512, 128),
    ...Object.entries(peripheral).map(([name, channels]) => raw(name, channels, 512, 128)),
  ];
  return {
    inputs,
    settings: {
      width: 64,
      encoders: Object.fromEntries(
        inputs.map(({ name }) => [name, name === 'eeg' ? { kind: 'eegnet' } : { kind: 'conv' }]),
      ),
      modality_experts: { count: 4, hidden: 128 },
      emotion_experts: { count: 8, hidden: 128 },
      head_hidden: 32,
      heads: [...HEADS],
      activation: 'gelu',
    },
  };
}

function randomBatch(inputs: readonly InputSpec[], size: number): ModelBatch {
  const uniform = mulberry32(size);
  return {
    size,
    inputs: new Map(
      inputs.map((input) => [
        input.name,
        Float32Array.from({ length: size * sizeOf(inputShape(input)) }, () => 2 * uniform() - 1),
      ]),
    ),
    presence: new Float32Array(size * inputs.length).fill(1),
  };
}

const rounded = (ms: number): number => Number(ms.toFixed(4));

async function measure(
  bench: ModelBenchmark['bench'],
  { settings, inputs }: Case,
  { engine: choice = 'auto', seconds = 1.5, python = DEFAULT_PYTHON }: ModelBenchmarkOptions,
): Promise<ModelBenchmark> {
  const model = bindModel(hiMoe, hiMoe.settings.parse(settings), inputs);
  const parameters = initialParameters(model.parameters, 1);
  const { engine } = await chooseEngine(choice);
  const executable = await engine.load({ model, parameters, onnx: writeOnnx(model, parameters) });
  const result: Partial<Milliseconds> = {};
  for (const size of BATCHES) {
    const batch = randomBatch(inputs, size);
    const warmUntil = performance.now() + 200;
    while (performance.now() < warmUntil) await executable.run(batch);
    const times: number[] = [];
    const until = performance.now() + seconds * 1000;
    while (performance.now() < until || times.length < 3) {
      const start = performance.now();
      await executable.run(batch);
      times.push(performance.now() - start);
    }
    result[`ms_b${size}`] = rounded(median(times));
  }
  await executable.dispose();
  return {
    bench,
    engine: engine.name,
    threads: 1,
    parameters: countParameters(model.parameters),
    ...(result as Milliseconds),
    peer: python === null ? null : (runPeer(python, 'hi_moe.py', [bench, seconds]) as ModelBenchmark['peer']),
  };
}

/** Median time of a forward pass, host array to host array, of the layer table's Hi-MoE (325,916 parameters). */
export function benchModel(options: ModelBenchmarkOptions = {}): Promise<ModelBenchmark> {
  return measure('model', featureCase(), options);
}

/** The same with eight modalities of raw windows, EEGNet on EEG [32, 512]. */
export function benchModelEegnet(options: ModelBenchmarkOptions = {}): Promise<ModelBenchmark> {
  return measure('model-eegnet', eegnetCase(), options);
}
