import { type Clock, type Seconds, SystemClock } from '../../core/clock.js';
import { AffectdError } from '../../core/errors.js';
import type { EventSink } from '../../core/event.js';
import {
  isAnswer,
  type ModalityInput,
  type ModelFrame,
  type ModelOutput,
  type ModelRunner,
} from '../../core/model.js';
import { errorOf } from '../../core/owned.js';
import type { Worth } from '../../core/worth.js';
import { BrokenLink, brokenWorth, judge, type LinkedFiles } from '../evidence/judge.js';
import { outputsOf } from '../evidence/outputs.js';
import { EVIDENCE_TOLERANCE, type Manifest, modelId, readModel } from '../manifest.js';
import type { EngineChoice, EngineName } from './engine.js';
import { InferenceThread, type Ready } from './inference-thread.js';

/** Longest that a model may work on one window, s, where nobody says otherwise. */
const ANSWERS_WITHIN_S: Seconds = 60;
/** A thread that died without one answer is followed by the next after 0, 1, 2, 4, 8 s and so on, this at most. */
const LONGEST_REST_S: Seconds = 10;
/** Threads that hang in a native call, where nothing can stop them; with as many the model stays down. */
const MOST_STUCK = 3;

export interface LoadModelOptions {
  /** Default `auto`. */
  readonly engine?: EngineChoice;
  readonly events?: EventSink;
  /** What those can check of its evidence who serve the model; throws `BrokenLink`. */
  readonly check?: (manifest: Manifest, files: LinkedFiles) => Promise<void> | void;
  /** Longest that it may work on one window before it counts as hanging, s. Default: {@link ANSWERS_WITHIN_S}. */
  readonly answersWithin_s?: Seconds;
  /** Default: the machine's. */
  readonly clock?: Clock;
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
  #thread: InferenceThread | null = null;
  #engine: EngineName | 'none' = 'none';
  /** Threads that died since the last answer. */
  #deaths = 0;
  #stuck = 0;
  #restsUntil_s: Seconds = Number.NEGATIVE_INFINITY;
  #isFailing = false;
  #closed = false;
  readonly #clock: Clock;

  constructor(
    manifest: Manifest,
    public worth: Worth,
    private readonly directory: string,
    private readonly options: LoadModelOptions,
  ) {
    this.#clock = options.clock ?? new SystemClock();
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

  get isFailing(): boolean {
    return this.#isFailing;
  }

  get #isDown(): boolean {
    return this.#stuck >= MOST_STUCK;
  }

  start(): Promise<Ready> {
    this.#thread ??= this.#begin();
    return this.#thread.ready;
  }

  async predict(frames: readonly ModelFrame[], explain = false): Promise<ModelOutput[]> {
    if (this.#closed) throw this.#failure('the model is closed');
    if (frames.length === 0) return [];
    if (!this.#thread && (this.#isDown || this.#clock.now() < this.#restsUntil_s))
      throw this.#failure('it rests until it is started again');
    try {
      this.#thread ??= this.#begin();
      const outputs = await this.#thread.ask(frames, explain);
      this.#deaths = 0;
      if (outputs.every(isAnswer)) this.#isFailing = false;
      else this.#fail('it gave values that are no numbers');
      return outputs;
    } catch (error) {
      // The death of its thread was told when it died.
      if (this.#thread) this.#fail(errorOf(error).message);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#thread?.close();
  }

  #begin(): InferenceThread {
    const { directory } = this;
    const { engine = 'auto', answersWithin_s = ANSWERS_WITHIN_S, worker } = this.options;
    const thread = new InferenceThread({
      ...{ name: this.name, directory, engine, answersWithin_s, worker, clock: this.#clock },
      died: (cause, outlives) => this.#bury(cause, outlives),
    });
    thread.ready.then(
      (ready) => this.#announce(ready),
      () => {},
    );
    return thread;
  }

  /** After a thread's death: another one is begun with a later question. */
  #bury(cause: string, outlives: Promise<void> | null): void {
    this.#thread = null;
    // What never ran isn't started again.
    if (this.#engine === 'none') this.#closed = true;
    if (outlives) {
      this.#stuck++;
      outlives.then(() => this.#stuck--);
    }
    if (this.#closed) return;
    const rest_s = Math.min(LONGEST_REST_S, this.#deaths === 0 ? 0 : 2 ** (this.#deaths - 1));
    this.#deaths++;
    this.#restsUntil_s = this.#clock.now() + rest_s;
    const next = this.#isDown
      ? `it stays down while ${MOST_STUCK} of its threads hang in the engine; start the daemon again, or try another --engine`
      : `it is started again ${rest_s === 0 ? 'with the next window' : `in ${rest_s} s`}`;
    this.#fail(`inference stopped (${cause}); ${next}`);
  }

  #fail(message: string): void {
    this.#isFailing = true;
    this.options.events?.({ code: 'model-failed', level: 'error', message: `${this.name}: ${message}` });
  }

  #failure(message: string): AffectdError {
    return new AffectdError('model-failed', `${this.name}: ${message}`);
  }

  #announce({ engine, detail, unavailable }: Ready): void {
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
 * Answers come in the order of the questions. A worker that dies, or hangs, rejects what it had not answered and is followed
 * by another one at a later question, as often as it does. Throws `ConfigurationError` with one line when the model can't be used.
 */
export async function loadModel(directory: string, options: LoadModelOptions = {}): Promise<ModelRunner> {
  const { manifest, model } = await readModel(directory);
  const { check = () => {}, events, signal } = options;
  const worth = await judge(directory, manifest, outputsOf(model), (files) => check(manifest, files));
  signal?.throwIfAborted();
  const runner = new WorkerRunner(manifest, worth, directory, options);
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
