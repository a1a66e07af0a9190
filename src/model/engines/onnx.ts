import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { ModelBatch } from '../frames.js';
import { inputShape } from '../networks/definition.js';
import { arraysOf, type Engine, type Executable, type ExecutableModel, type ModelArrays } from './engine.js';

type Runtime = typeof import('onnxruntime-node');

class OnnxExecutable implements Executable {
  constructor(
    private readonly runtime: Runtime,
    private readonly session: InferenceSession,
    private readonly model: ExecutableModel['model'],
  ) {}

  async run(batch: ModelBatch): Promise<ModelArrays> {
    const { Tensor } = this.runtime;
    const feeds: Record<string, Tensor> = {
      'input.presence': new Tensor('float32', batch.presence, [batch.size, this.model.inputs.length]),
    };
    for (const input of this.model.inputs)
      feeds[`input.${input.name}`] = new Tensor('float32', batch.inputs.get(input.name)!, [
        batch.size,
        ...inputShape(input),
      ]);
    const outputs = await this.session.run(feeds);
    return arraysOf((name) => (outputs[name]?.data ?? new Float32Array(0)) as Float32Array);
  }

  dispose(): Promise<void> {
    return this.session.release();
  }
}

/**
 * Keeps ONNX Runtime from collecting events and sending them home. It reads the process's environment, of which a
 * worker thread has but a copy: the main thread calls this before it starts one.
 */
export function silenceTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
}

/**
 * ONNX Runtime on the CPU, one thread: the fastest route without a GPU, at every batch size.
 * Throws where the optional package has no binary for this machine.
 */
export async function createOnnxEngine(): Promise<Engine> {
  silenceTelemetry();
  const runtime: Runtime = await import('onnxruntime-node');
  return {
    name: 'onnx',
    detail: `onnxruntime-node ${runtime.env.versions.node ?? ''}, CPU`.replace(' ,', ','),
    async load({ model, onnx }) {
      const session = await runtime.InferenceSession.create(onnx, {
        executionProviders: ['cpu'],
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
      });
      return new OnnxExecutable(runtime, session, model);
    },
  };
}
