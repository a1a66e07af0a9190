import { Worker } from 'node:worker_threads';
import { AffectdError, ConfigurationError } from '../../core/errors.js';
import type { EventSink } from '../../core/event.js';
import type { ModalityInput, ModelFrame, ModelOutput, ModelRunner } from '../../core/model.js';
import type { Worth } from '../../core/worth.js';
import { BrokenLink, brokenWorth, judge, type LinkedFiles } from '../evidence/judge.js';
import { outputsOf } from '../evidence/outputs.js';
import { EVIDENCE_TOLERANCE, type Manifest, modelId, readModel } from '../manifest.js';
import type { Unavailable } from './choose.js';
import type { EngineChoice, EngineName } from './engine.js';
import { type PackedFrames, packFrames } from './frame-packing.js';
import { forgetGate, gateUntilExit } from './native-gate.js';
import { silenceTelemetry } from './onnx.js';
import { workerFile } from './worker-file.js';

export interface WorkerSettings {
  readonly directory: string;
  readonly engine: EngineChoice;
  /** Of the {@link NativeGate} between its engine and the process's end. */
  readonly gate: SharedArrayBuffer;
}
export interface WorkerRequest {
  readonly id: number;
  readonly frames: PackedFrames;
  readonly explain: boolean;
}
/** Asks the worker to end once every question before it is answered. */
export interface WorkerStop {
  readonly stop: true;
}
export type WorkerReply =
  | {
      readonly kind: 'ready';
      readonly engine: EngineName;
      readonly detail: string;
      readonly unavailable: readonly Unavailable[];
      readonly probe_difference: number;
    }
  | { readonly kind: 'outputs'; readonly id: number; readonly outputs: ModelOutput[] }
  | ({ readonly kind: 'failed'; readonly id: number } & WorkerError)
  /** The worker could not start. */
  | ({ readonly kind: 'stillborn' } & WorkerError);

/** An error as it crosses the thread's border, where classes are lost. */
export interface WorkerError {
  readonly code: string;
  readonly message: string;
  readonly configuration: boolean;
}

function errorOf({ code, message, configuration }: WorkerError): AffectdError {
  return configuration ? new ConfigurationError(code, message) : new AffectdError(code, message);
}

interface Pending {
  resolve(outputs: ModelOutput[]): void;
  reject(error: Error): void;
}

const WORKER_NURSERY_MB = 4;

/** A started worker: its thread, what it runs on, and the questions it has not answered. */
interface Started {
  readonly worker: Worker;
  readonly engine: EngineName;
  readonly probe_difference: number;
  readonly pending: Map<number, Pending>;
}

export interface LoadModelOptions {
  /** Default `auto`. */
  readonly engine?: EngineChoice;
  readonly events?: EventSink;
  /** What those can check of its evidence who serve the model; throws `BrokenLink`. */
  readonly check?: (manifest: Manifest, files: LinkedFiles) => Promise<void> | void;
  /** Another worker program, for tests. */
  readonly worker?: URL;
  /** Ends the loading, for whose reason it throws then. */
  readonly signal?: AbortSignal;
}

class WorkerRunner implements ModelRunner {
  readonly name: string;
  readonly id: string;
  readonly type: string;
  readonly inputs: ReadonlyMap<string, ModalityInput>;
  readonly fuses: boolean;
  readonly validity: Manifest['validity'];
  #started: Promise<Started> | null = null;
  #engine: EngineName | 'none' = 'none';
  #questions = 0;
  #restarts = 1;
  #closed = false;

  constructor(
    manifest: Manifest,
    public worth: Worth,
    private readonly settings: Omit<WorkerSettings, 'gate'>,
    private readonly options: LoadModelOptions,
  ) {
    this.name = manifest.name;
    this.id = modelId(manifest);
    this.type = manifest.type;
    this.inputs = new Map(manifest.inputs.map((input) => [input.name, input]));
    this.fuses = manifest.probe.weights.length > 0;
    this.validity = manifest.validity;
  }

  get engine(): string {
    return this.#engine;
  }

  start(): Promise<Started> {
    this.#started ??= this.#spawn();
    return this.#started;
  }

  async predict(frames: readonly ModelFrame[], explain = false): Promise<ModelOutput[]> {
    if (this.#closed) throw new AffectdError('model-failed', `${this.name}: the model is closed`);
    if (frames.length === 0) return [];
    const { worker, pending } = await this.start();
    const packed = packFrames(frames);
    return new Promise((resolve, reject) => {
      const id = this.#questions++;
      pending.set(id, { resolve, reject });
      // An unanswered question keeps the process alive; an idle worker does not.
      worker.ref();
      worker.postMessage({ id, frames: packed, explain } satisfies WorkerRequest, [
        packed.values.buffer,
        packed.masks.buffer,
        packed.present.buffer,
      ]);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const started = await this.#started?.catch(() => null);
    if (!started) return;
    // A native engine that is cut off in the middle of a call takes the whole process with it: the worker answers what
    // it owes, and ends by itself.
    const ended = new Promise<void>((resolve) => started.worker.once('exit', () => resolve()));
    started.worker.ref();
    started.worker.postMessage({ stop: true } satisfies WorkerStop);
    if (started.worker.threadId !== -1) await ended;
  }

  #spawn(): Promise<Started> {
    silenceTelemetry();
    const gate = gateUntilExit();
    const worker = new Worker(this.options.worker ?? workerFile('inference-worker', import.meta.url), {
      workerData: { ...this.settings, gate: gate.memory } satisfies WorkerSettings,
      // The parent's flags (a test runner's loaders) are no business of the worker's.
      execArgv: [],
      // What a prediction leaves behind is small and dies at once: a small nursery keeps the process small.
      resourceLimits: { maxYoungGenerationSizeMb: WORKER_NURSERY_MB },
    });
    const pending = new Map<number, Pending>();
    return new Promise((resolve, reject) => {
      const crashed = (cause: string): void => {
        const error = new AffectdError('model-failed', `${this.name}: inference stopped (${cause})`);
        reject(error);
        for (const question of pending.values()) question.reject(error);
        pending.clear();
        if (this.#closed) return;
        this.options.events?.({ code: 'model-failed', level: 'error', message: error.message });
        if (this.#restarts-- > 0) this.#started = null;
        else this.#started = Promise.reject(error);
        this.#started?.catch(() => undefined);
      };
      let cause = 'it ended';
      worker.on('error', (error) => {
        cause = error.message;
      });
      worker.on('exit', () => {
        forgetGate(gate);
        crashed(cause);
      });
      worker.on('message', (message: WorkerReply) => {
        if (message.kind === 'ready') {
          this.#announce(message);
          worker.unref();
          resolve({ worker, engine: message.engine, probe_difference: message.probe_difference, pending });
          return;
        }
        if (message.kind === 'stillborn') {
          this.#closed = true;
          reject(errorOf(message));
          void worker.terminate();
          return;
        }
        if (message.kind === 'outputs') pending.get(message.id)?.resolve(message.outputs);
        else pending.get(message.id)?.reject(errorOf(message));
        pending.delete(message.id);
        if (pending.size === 0 && !this.#closed) worker.unref();
      });
    });
  }

  #announce({ engine, detail, unavailable }: Extract<WorkerReply, { kind: 'ready' }>): void {
    this.#engine = engine;
    for (const { name, reason } of unavailable)
      this.options.events?.({
        code: 'engine-unavailable',
        level: 'debug',
        message: `engine ${name} is not used: ${reason}`,
      });
    this.options.events?.({
      code: 'engine-chosen',
      level: 'info',
      message: `model ${this.name} runs on ${engine} (${detail})`,
      details: { engine },
    });
  }
}

/**
 * Loads the model in `directory` onto an engine in a worker thread, checks it, and gives what runs it.
 * Answers come in the order of the questions. A worker that dies rejects what it had not answered and is started
 * again once, at the next question. Throws `ConfigurationError` with one line when the model can't be used.
 */
export async function loadModel(directory: string, options: LoadModelOptions = {}): Promise<ModelRunner> {
  const { manifest, model } = await readModel(directory);
  const { engine = 'auto', check = () => {}, events, signal } = options;
  const worth = await judge(directory, manifest, outputsOf(model), (files) => check(manifest, files));
  signal?.throwIfAborted();
  const runner = new WorkerRunner(manifest, worth, { directory, engine }, options);
  const { probe_difference } = await unlessAborted(runner.start(), signal, () => runner.close());
  // Engines may differ by more than evidence may.
  if (worth.evidence === 'validated' && probe_difference > EVIDENCE_TOLERANCE)
    runner.worth = brokenWorth(
      new BrokenLink('probe', `engine ${runner.engine} differs by ${probe_difference.toExponential(1)}`),
    );
  const { broken, reason } = runner.worth;
  if (broken !== null)
    events?.({
      code: 'evidence-broken',
      level: 'warn',
      message: `model ${manifest.name} has no evidence: ${reason}; affectd models verify ${manifest.name} says more`,
      details: { model: manifest.name, link: broken },
    });
  return runner;
}

/** What `work` gives; where `signal` aborts before, its reason is thrown at once and `undo` called. */
function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  undo: () => Promise<void>,
): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      undo().catch(() => {});
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
