import { type MessagePort, workerData } from 'node:worker_threads';
import { bindModel } from '../networks/definition.js';
import { modelDefinitions } from '../networks/definitions.js';
import { reasonOf } from './choose.js';
import { TfjsModel } from './tfjs-model.js';
import { loadTfjsWebgpu, type WebgpuBackend } from './tfjs-webgpu.js';
import type { GpuAnswer, GpuQuestion, GpuWorkerData } from './webgpu-device.js';

/** The worker thread of {@link WebgpuDevice}, which waits for each answer with its thread blocked. */
const { port, answered } = workerData as GpuWorkerData;

function reply(answer: GpuAnswer): void {
  port.postMessage(answer);
  Atomics.store(answered, 0, 1);
  Atomics.notify(answered, 0);
}

async function answer({ tf }: WebgpuBackend, question: GpuQuestion, state: { model: TfjsModel | null }) {
  if (question.kind === 'model') {
    const { type, settings, inputs } = question;
    const definition = modelDefinitions.get(type);
    if (!definition) throw new Error(`no model is of type ${type}`);
    state.model = new TfjsModel(tf, bindModel(definition, settings, inputs));
    return { kind: 'bound' } as const;
  }
  if (question.kind === 'forward') {
    const { batch, parameters, seed } = question;
    return { kind: 'forward', ...(await state.model!.forward(batch, parameters, seed)) } as const;
  }
  return { kind: 'backward', gradients: await state.model!.backward(question.gradients) } as const;
}

async function serve(own: MessagePort): Promise<void> {
  const backend = await loadTfjsWebgpu();
  const state = { model: null };
  own.on('message', (question: GpuQuestion) => {
    answer(backend, question, state).then(reply, (error: Error) =>
      reply({ kind: 'failed', reason: error.message }),
    );
  });
  own.postMessage({ kind: 'ready', adapter: backend.adapter } satisfies GpuAnswer);
}

serve(port).catch((error: unknown) => {
  port.postMessage({ kind: 'failed', reason: reasonOf(error) } satisfies GpuAnswer);
});
