import { ConfigurationError } from '../../core/errors.js';
import type { Engine, EngineChoice, EngineName } from './engine.js';
import { automaticEngines, engineNames } from './engine.js';
import { createOnnxEngine } from './onnx.js';
import { createTfjsGpuEngine } from './tfjs-gpu.js';
import { createTfjsWasmEngine } from './tfjs-wasm.js';
import { createTfjsWebgpuEngine } from './tfjs-webgpu.js';

export type EngineFactories = Readonly<Record<EngineName, () => Promise<Engine>>>;

export const engineFactories: EngineFactories = {
  'tfjs-gpu': createTfjsGpuEngine,
  onnx: createOnnxEngine,
  'tfjs-wasm': createTfjsWasmEngine,
  'tfjs-webgpu': createTfjsWebgpuEngine,
};

/** An engine that could not start, and why in one line. */
export interface Unavailable {
  readonly name: EngineName;
  readonly reason: string;
}

export interface EngineProbe {
  readonly name: EngineName;
  readonly available: boolean;
  /** What runs, or why it does not. */
  readonly reason: string;
}

/** Why something did not start, in one line. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return 'its package is not installed';
  return message.split('\n')[0];
}

/** Starts the engine asked for, or for `auto` the first of {@link automaticEngines} that starts. */
export async function chooseEngine(
  choice: EngineChoice,
  factories: EngineFactories = engineFactories,
): Promise<{ engine: Engine; unavailable: readonly Unavailable[] }> {
  const unavailable: Unavailable[] = [];
  for (const name of choice === 'auto' ? automaticEngines : [choice]) {
    try {
      return { engine: await factories[name](), unavailable };
    } catch (error) {
      unavailable.push({ name, reason: reasonOf(error) });
    }
  }
  const reasons = unavailable.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  throw new ConfigurationError(
    'engine-unavailable',
    `no engine runs here (${reasons}); try --engine auto, or reinstall with npm ci`,
  );
}

/** Tries every engine, for `affectd doctor`. */
export async function probeEngines(factories: EngineFactories = engineFactories): Promise<EngineProbe[]> {
  const probes: EngineProbe[] = [];
  for (const name of engineNames) {
    try {
      probes.push({ name, available: true, reason: (await factories[name]()).detail });
    } catch (error) {
      probes.push({ name, available: false, reason: reasonOf(error) });
    }
  }
  return probes;
}
