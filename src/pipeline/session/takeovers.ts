import type { Seconds } from '../../core/clock.js';
import { TIME_TOLERANCE_S } from '../../core/signal.js';
import type { Binding } from './binder.js';
import type { GraphState, GraphStep, Takeover } from './graph-state.js';

/** Which streams are to feed sources: each from its next sample on, and in place of another once the windows before have closed. */
export class Takeovers {
  #planned: readonly Binding[] = [];
  #waiting: readonly Takeover[] = [];

  /** A stream feeds a source from its next sample on. */
  plan(binding: Binding): void {
    this.#planned = [...this.#planned.filter(({ source }) => source !== binding.source), binding];
  }

  /** Bindings that begin with a sample of the stream `id`. */
  takePlanned(id: string): readonly Binding[] {
    const due = this.#planned.filter(({ stream }) => stream.id === id);
    if (due.length > 0) this.#planned = this.#planned.filter(({ stream }) => stream.id !== id);
    return due;
  }

  /** Whether samples of the stream `id` wait. */
  awaits(id: string): boolean {
    return this.#waiting.some(({ stream }) => stream === id);
  }

  /** Whether what waits binds a stream to `source`. */
  binds(source: string): boolean {
    return this.#waiting.some(({ steps }) =>
      steps.some((step) => step.do === 'bind' && step.source === source),
    );
  }

  /** The stream that takes `source` over, the last where there are several. */
  successorOf(source: string): string | undefined {
    return this.#waiting.findLast(({ sources }) => sources.includes(source))?.stream;
  }

  /**
   * Gives what of `steps` can be done now: what takes a source over (`isNew`), and what follows it, waits until the windows before
   * `first`, its first sample, have closed, unless it holds more than `most` values.
   */
  await(takeover: Takeover, isNew: boolean, most: number): readonly GraphStep[] {
    const { stream, steps, values } = takeover;
    const before = this.#waiting.findLast((other) => other.stream === stream);
    if (!isNew && !before) return steps;
    const joined: Takeover =
      isNew || !before
        ? takeover
        : { ...before, steps: [...before.steps, ...steps], values: before.values + values };
    const others = this.#waiting.filter((other) => isNew || other !== before);
    if (joined.values > most) {
      this.#waiting = others;
      return joined.steps;
    }
    this.#waiting = [...others, joined];
    return [];
  }

  /** What a takeover does that no window before `end` keeps waiting; null where there is none. */
  takeBefore(end: Seconds): readonly GraphStep[] | null {
    const due = this.#waiting.find(({ first }) => first < end - TIME_TOLERANCE_S);
    if (!due) return null;
    this.#waiting = this.#waiting.filter((takeover) => takeover !== due);
    return due.steps;
  }

  snapshot(): Pick<GraphState, 'planned' | 'takeovers'> {
    return { planned: this.#planned, takeovers: this.#waiting };
  }

  restore({ planned, takeovers }: Pick<GraphState, 'planned' | 'takeovers'>): void {
    this.#planned = planned;
    this.#waiting = takeovers;
  }
}
