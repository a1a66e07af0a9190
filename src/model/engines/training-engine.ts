import { ConfigurationError } from '../../core/errors.js';
import { reasonOf, type Unavailable } from './choose.js';
import { localDevice, type TrainingDevice } from './differentiable.js';
import type { Tfjs } from './tfjs-graph.js';
import { loadTfjsNode } from './tfjs-node.js';
import { loadTfjsWasm } from './tfjs-wasm.js';
import { WebgpuDevice } from './webgpu-device.js';

/** In the order in which `auto` tries them, but for `tfjs-webgpu`, which trains only where it is named. */
export const trainingEngineNames = ['tfjs-gpu', 'tfjs-node', 'wasm', 'tfjs-webgpu'] as const;
export type TrainingEngineName = (typeof trainingEngineNames)[number];
export type TrainingEngineChoice = TrainingEngineName | 'auto';

/** What models are trained with: `tf` computes losses, `device` the model. */
interface Loaded {
  readonly tf: Tfjs;
  readonly device: TrainingDevice;
  /** For people, where the name does not say it all. */
  readonly detail?: string;
}

export interface TrainingEngine extends Loaded {
  readonly name: TrainingEngineName;
  /** Those before it that do not run here, and why. */
  readonly unavailable: readonly (Omit<Unavailable, 'name'> & { readonly name: TrainingEngineName })[];
}

const local = async (loading: Promise<Tfjs>): Promise<Loaded> => {
  const tf = await loading;
  return { tf, device: localDevice(tf) };
};

async function loadWebgpu(): Promise<Loaded> {
  const tf = await loadTfjsWasm();
  const device = await WebgpuDevice.start(tf);
  return { tf, device, detail: device.adapter };
}

const loaders: Readonly<Record<TrainingEngineName, () => Promise<Loaded>>> = {
  'tfjs-gpu': () => local(loadTfjsNode('@tensorflow/tfjs-node-gpu')),
  'tfjs-node': () => local(loadTfjsNode('@tensorflow/tfjs-node')),
  wasm: () => local(loadTfjsWasm()),
  'tfjs-webgpu': loadWebgpu,
};

/**
 * The engine asked for; for `auto` TensorFlow where one of its packages is installed and starts, on a GPU before the CPU, else
 * kernels of our own in WebAssembly, which run wherever Node runs.
 */
export async function chooseTrainingEngine(
  choice: TrainingEngineChoice = 'auto',
  load = loaders,
): Promise<TrainingEngine> {
  const unavailable: TrainingEngine['unavailable'][number][] = [];
  const tried = choice === 'auto' ? trainingEngineNames.filter((name) => name !== 'tfjs-webgpu') : [choice];
  for (const name of tried) {
    try {
      return { name, ...(await load[name]()), unavailable };
    } catch (error) {
      unavailable.push({ name, reason: reasonOf(error) });
    }
  }
  const reasons = unavailable.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  throw new ConfigurationError('engine-unavailable', `nothing trains here (${reasons}); try --engine auto`);
}
