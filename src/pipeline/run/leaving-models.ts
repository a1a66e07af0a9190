import type { Clock, Seconds, Timer } from '../../core/clock.js';
import type { EventSink } from '../../core/event.js';
import type { ModelRunner } from '../../core/model.js';
import { owned } from '../../core/owned.js';

/** How often it looks whether a replaced model is done, s. */
const LOOK_S: Seconds = 1;
/** Looks in a row at which not one window fewer waits: then a model hangs. */
const HANGING_LOOKS = 30;

/** Who has frames that a model is to answer. */
export interface ModelUser {
  /** How many there are. */
  frames(runner: ModelRunner): number;
  /** The model answers no more: what waits for it counts as failed. */
  giveUp(runner: ModelRunner): void;
}

interface Leaving {
  frames: number;
  looks: number;
}

/**
 * Models of a pipeline that was replaced. Each closes when no frame waits for it any more, however slow it is; one that hangs
 * is given up. Looks, and not time, count: a process that stood still gave it none.
 */
export class LeavingModels {
  readonly #users = new Set<ModelUser>();
  readonly #leaving = new Map<ModelRunner, Leaving>();
  #timer: Timer | null = null;

  constructor(
    readonly clock: Pick<Clock, 'every'>,
    readonly events: EventSink,
  ) {}

  /** Asks `user` what waits, until the returned function is called. */
  use(user: ModelUser): () => void {
    this.#users.add(user);
    return () => void this.#users.delete(user);
  }

  /** From now on nothing new is asked of models that only `before` has. */
  replace(before: Iterable<ModelRunner>, now: Iterable<ModelRunner>): void {
    for (const runner of before) this.#leaving.set(runner, { frames: 0, looks: 0 });
    for (const runner of now) this.#leaving.delete(runner);
    if (this.#leaving.size > 0) this.#timer ??= this.clock.every(LOOK_S, () => this.#look());
  }

  /** Closes all of them, whatever waits. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    const runners = [...this.#leaving.keys()];
    this.#leaving.clear();
    await Promise.all(runners.map((runner) => runner.close()));
  }

  #look(): void {
    for (const [runner, leaving] of this.#leaving) {
      const frames = this.#framesOf(runner);
      leaving.looks = frames === leaving.frames ? leaving.looks + 1 : 0;
      leaving.frames = frames;
      if (frames > 0 && leaving.looks < HANGING_LOOKS) continue;
      this.#leaving.delete(runner);
      owned(runner.close(), ({ message }) => this.#tellFailed(runner, message));
      if (frames === 0) continue;
      this.#tellFailed(runner, `it hangs; ${frames} windows that it was asked about are told without it`);
      for (const user of this.#users) user.giveUp(runner);
    }
    if (this.#leaving.size > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #framesOf(runner: ModelRunner): number {
    let frames = 0;
    for (const user of this.#users) frames += user.frames(runner);
    return frames;
  }

  #tellFailed({ name }: ModelRunner, message: string): void {
    this.events({
      code: 'model-failed',
      level: 'error',
      message: `the model ${name}, which was replaced: ${message}`,
    });
  }
}
