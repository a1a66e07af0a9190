import type { Subscriber } from 'rxjs';
import type { Seconds } from '../../core/clock.js';
import type { ModelRunner } from '../../core/model.js';
import { owned } from '../../core/owned.js';
import { type Answer, askModel, type FrameOutput, isForModel } from '../session/predict.js';
import type { UntoldFrame } from './untold-outputs.js';

/** How many frames may wait for a model. */
export interface Shed {
  /** So many may wait for however long. */
  readonly frames: number;
  /** More of them for so long, s, */
  readonly wait_s: Seconds;
  /** and so many at most. */
  readonly most: number;
}

/** A live session's: a line that comes late is of little use, and raw data, which are recorded, wait for no model. */
export const shedLive: Shed = { frames: 32, wait_s: 10, most: 1024 };

export interface ModelQueuesOptions {
  /** Whether somebody wants a model's predictions to carry their `contribution`; asked whenever it works. Default: nobody. */
  readonly explain?: (model: string) => boolean;
  /** Frames that go to a model together, the last ones apart; default 1. The predictions don't depend on it. */
  readonly batch?: number;
  /** When the oldest frame that waits for a model is thinned: its line says `overloaded`. Default: none is. */
  readonly shed?: Shed;
  /** Whether a frame is thinned in any case, for it was when it was recorded. Default: none is. */
  readonly isThinned?: (frame: FrameOutput, runner: ModelRunner) => boolean;
  /** Asked whenever the model has answered: the answer counts once that resolves. Default: at once. */
  readonly slower?: () => Promise<void> | null;
  /** Called for every frame that `shed` thins. */
  readonly thinned?: (frame: FrameOutput, runner: ModelRunner) => void;
}

/** The frames that a model has not been asked about yet, and what it works on. */
interface ModelQueue {
  readonly frames: UntoldFrame[];
  asked: readonly UntoldFrame[];
  work: Promise<void> | null;
}

/** Frames that wait for models, each of which is asked by itself: none waits for another's answer. */
export class ModelQueues {
  readonly #queues = new Map<ModelRunner, ModelQueue>();

  constructor(
    readonly options: ModelQueuesOptions,
    readonly subscriber: Pick<Subscriber<unknown>, 'closed' | 'error'>,
    /** Called when a model has answered: frames wait no more. */
    readonly answered: () => void,
  ) {}

  /** What models work on. */
  get works(): readonly Promise<void>[] {
    return [...this.#queues.values()].flatMap(({ work }) => work ?? []);
  }

  /** The frame waits, if its model is to be asked about it at all. */
  add(runner: ModelRunner, frame: UntoldFrame): void {
    const { isThinned, thinned, shed } = this.options;
    if (isThinned?.(frame.output, runner)) thin(frame);
    if (!isForModel(frame.output)) return;
    const queue = this.#queues.get(runner) ?? { frames: [], asked: [], work: null };
    this.#queues.set(runner, queue);
    frame.waits = true;
    queue.frames.push(frame);
    while (shed && isTooMuch(queue.frames, shed, frame.since)) {
      const oldest = queue.frames.shift()!;
      thin(oldest);
      thinned?.(oldest.output, runner);
    }
  }

  /** How many frames the model has not answered. */
  unanswered(runner: ModelRunner): number {
    const queue = this.#queues.get(runner);
    return queue ? queue.asked.length + queue.frames.length : 0;
  }

  /** The model answers no more: it counts as having failed at all that waits for it. */
  giveUp(runner: ModelRunner): void {
    const queue = this.#queues.get(runner);
    if (!queue) return;
    this.#queues.delete(runner);
    for (const frame of [...queue.asked, ...queue.frames]) answer(frame, 'failed');
    this.answered();
  }

  /** `isLast`: whether no more frames come that a batch could wait for. */
  askWhoIsIdle(isLast: () => boolean): void {
    const { batch = 1 } = this.options;
    for (const [runner, queue] of this.#queues) {
      const { work, frames } = queue;
      const isDue = frames.length >= batch || (frames.length > 0 && isLast());
      if (work !== null || !isDue || this.subscriber.closed) continue;
      queue.work = this.#ask(runner, queue);
      owned(queue.work, (error) => this.subscriber.error(error));
    }
  }

  /** Asks a model about as many frames as go together, all of one pipeline. */
  async #ask(runner: ModelRunner, queue: ModelQueue): Promise<void> {
    const { batch = 1, explain } = this.options;
    const { frames } = queue;
    const [{ loaded, output }] = frames;
    let length = 1;
    while (length < batch && frames[length]?.loaded === loaded) length++;
    const asked = frames.splice(0, length);
    queue.asked = asked;
    const answers = await askModel(
      asked.map((frame) => frame.output),
      runner,
      explain?.(output.model) ?? false,
    );
    const slower = this.options.slower?.();
    if (slower) await slower;
    asked.forEach((frame, i) => {
      answer(frame, answers[i]);
    });
    queue.asked = [];
    queue.work = null;
    if (frames.length === 0) this.#queues.delete(runner);
    this.answered();
  }
}

function isTooMuch(
  frames: readonly UntoldFrame[],
  { frames: few, wait_s, most }: Shed,
  now: Seconds,
): boolean {
  return frames.length > most || (frames.length > few && now - frames[0].since > wait_s);
}

function answer(frame: UntoldFrame, given: Answer): void {
  frame.answer = given;
  frame.waits = false;
}

/** The frame's model is not asked about it. */
function thin(frame: UntoldFrame): void {
  frame.output = { ...frame.output, overloaded: true };
  frame.waits = false;
}
