import { chooseEngine } from '../model/engines/choose.js';
import type { EngineChoice } from '../model/engines/engine.js';
import { writeOnnx } from '../model/engines/onnx-writer.js';
import { bindModel } from '../model/networks/definition.js';
import { hiMoe } from '../model/networks/hi-moe.js';
import { countParameters, initialParameters } from '../model/networks/parameters.js';
import { median } from '../signal/dsp/statistics.js';
import { eegnetCase, featureCase, type ModelCase, randomBatch } from './model-cases.js';
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

const rounded = (ms: number): number => Number(ms.toFixed(4));

async function measure(
  bench: ModelBenchmark['bench'],
  { settings, inputs }: ModelCase,
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
