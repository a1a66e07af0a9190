import { Worker } from 'node:worker_threads';
import type { Clock, Seconds, Timer } from '../../core/clock.js';
import { doneWithin } from '../../core/done-within.js';
import { AffectdError, ConfigurationError } from '../../core/errors.js';
import type { ModelFrame, ModelOutput } from '../../core/model.js';
import type { Unavailable } from './choose.js';
import type { EngineChoice, EngineName } from './engine.js';
import { type PackedFrames, packFrames } from './frame-packing.js';
import { forgetGate, gateUntilExit } from './native-gate.js';
import { silenceTelemetry } from './onnx.js';
import { workerFile } from './worker-file.js';

export interface WorkerSettings {
  readonly directory: string;
  readonly engine: EngineChoice;
  /** Of the `NativeGate` between its engine and the process's end. */
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

export type Ready = Extract<WorkerReply, { kind: 'ready' }>;

export interface InferenceThreadOptions {
  /** Whose model it is, for errors. */
  readonly name: string;
  readonly directory: string;
  readonly engine: EngineChoice;
  readonly clock: Pick<Clock, 'after' | 'every'>;
  /** Longest that it may work on one frame, s: then it hangs. */
  readonly answersWithin_s: Seconds;
  /** Another worker program, for tests. */
  readonly worker?: URL | undefined;
  /** Called once, when it ends unasked; `outlives`: until it has really ended, where it can't be stopped now. */
  readonly died: (cause: string, outlives: Promise<void> | null) => void;
}

interface Question {
  readonly frames: number;
  resolve(outputs: ModelOutput[]): void;
  reject(error: Error): void;
}

/** What a prediction leaves behind is small and dies at once: a small nursery keeps the process small. */
const WORKER_NURSERY_MB = 4;
/** How often a working thread is looked at, s. Looks, and not time, count: a process that stood still gave it none. */
const LOOK_S: Seconds = 1;
/** Longest that it may take to load engine and model, s. */
const READY_WITHIN_S: Seconds = 120;
/** Longest that a thread that is to end may still work on what it was asked, s. */
const CLOSES_WITHIN_S: Seconds = 2;

/** A thread that runs one model on an engine, which computes synchronously: the event loop must not wait. It dies once. */
export class InferenceThread {
  /** Rejects where the model can't be used. */
  readonly ready: Promise<Ready>;
  readonly #worker: Worker;
  readonly #gate = gateUntilExit();
  readonly #questions = new Map<number, Question>();
  #asked = 0;
  #isReady = false;
  #isEnded = false;
  #refuse: (error: Error) => void = () => {};
  #looks = 0;
  #timer: Timer | null = null;

  constructor(private readonly options: InferenceThreadOptions) {
    silenceTelemetry();
    const { directory, engine, worker } = options;
    this.#worker = new Worker(worker ?? workerFile('inference-worker', import.meta.url), {
      workerData: { directory, engine, gate: this.#gate.memory } satisfies WorkerSettings,
      // The parent's flags (a test runner's loaders) are no business of the worker's.
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: WORKER_NURSERY_MB },
    });
    this.ready = new Promise((resolve, reject) => {
      this.#refuse = reject;
      this.#worker.on('message', (message: WorkerReply) => this.#hear(message, resolve));
    });
    this.ready.catch(() => {});
    let cause = 'it ended';
    this.#worker.on('error', (error) => {
      cause = error.message;
    });
    this.#worker.on('exit', () => {
      forgetGate(this.#gate);
      this.#die(cause);
    });
    this.#watch();
  }

  /** Rejects with `model-failed` where the thread dies, or says so. Answers come in the order of questions. */
  ask(frames: readonly ModelFrame[], explain: boolean): Promise<ModelOutput[]> {
    const packed = packFrames(frames);
    return new Promise((resolve, reject) => {
      if (this.#isEnded) return reject(this.#failure('it ended'));
      const id = this.#asked++;
      this.#questions.set(id, { frames: frames.length, resolve, reject });
      // An unanswered question keeps the process alive; an idle worker does not.
      this.#worker.ref();
      if (this.#questions.size === 1) this.#watch();
      this.#worker.postMessage({ id, frames: packed, explain } satisfies WorkerRequest, [
        packed.values.buffer,
        packed.masks.buffer,
        packed.present.buffer,
      ]);
    });
  }

  /** Ends it: it answers what it owes first, if it can soon. */
  async close(): Promise<void> {
    if (this.#isEnded) return;
    // A native engine that is cut off in the middle of a call takes the whole process with it: the thread ends by itself.
    const ended = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.ref();
    this.#worker.postMessage({ stop: true } satisfies WorkerStop);
    if (!(await doneWithin(this.options.clock, CLOSES_WITHIN_S, ended))) this.#cut('it is closed');
  }

  #hear(message: WorkerReply, ready: (message: Ready) => void): void {
    if (this.#isEnded) return;
    this.#looks = 0;
    if (message.kind === 'ready') {
      this.#isReady = true;
      ready(message);
    } else if (message.kind === 'stillborn') {
      const { code, message: text, configuration } = message;
      this.#refuse(configuration ? new ConfigurationError(code, text) : new AffectdError(code, text));
      this.#cut(text);
      return;
    } else {
      const question = this.#questions.get(message.id);
      this.#questions.delete(message.id);
      if (message.kind === 'outputs') question?.resolve(message.outputs);
      else question?.reject(new AffectdError(message.code, message.message));
    }
    if (this.#questions.size > 0) return;
    this.#unwatch();
    this.#worker.unref();
  }

  #watch(): void {
    this.#looks = 0;
    this.#timer ??= this.options.clock.every(LOOK_S, () => this.#look());
  }

  #unwatch(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #look(): void {
    this.#looks++;
    const [question] = this.#questions.values();
    const limit_s = this.#isReady ? this.options.answersWithin_s * (question?.frames ?? 1) : READY_WITHIN_S;
    if (this.#looks * LOOK_S >= limit_s) this.#cut(`it gave no answer for ${limit_s} s`);
  }

  /** Stops it where it is; a native call is let out first. */
  #cut(cause: string): void {
    const out = this.#gate.whenOut();
    this.#worker.unref();
    const stopped = out ? out.then(() => this.#worker.terminate()) : this.#worker.terminate();
    this.#die(cause, out && stopped.then(() => {}));
  }

  #die(cause: string, outlives: Promise<void> | null = null): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#unwatch();
    const error = this.#failure(cause);
    this.#refuse(error);
    for (const question of this.#questions.values()) question.reject(error);
    this.#questions.clear();
    this.options.died(cause, outlives);
  }

  #failure(cause: string): AffectdError {
    return new AffectdError('model-failed', `${this.options.name}: inference stopped (${cause})`);
  }
}
