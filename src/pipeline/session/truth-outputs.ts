import type { Seconds } from '../../core/clock.js';
import { type Chunk, TIME_TOLERANCE_S } from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';
import { TruthReader } from '../../core/truth.js';
import type { GraphOutput } from './graph-output.js';

/** Most that a session publishes of the truth, samples a second: it moves over seconds. */
const MOST_HZ = 20;

export type TruthOutput = Extract<GraphOutput, { kind: 'truth' }>;

export type TruthOutputsState = { readonly stream: string | null; readonly next: Seconds };

/** What a session's `Annotation` streams tell, as its outputs: thinned where they tell it faster than {@link MOST_HZ}. */
export class TruthOutputs implements Stateful<TruthOutputsState> {
  readonly #reader = new TruthReader();
  #next: Seconds = Number.NEGATIVE_INFINITY;

  /** Samples of `chunk`, on its own clock. */
  take(chunk: Chunk, emit: (output: TruthOutput) => void): void {
    this.#reader.read(chunk, (time, valence, arousal) => {
      if (time < this.#next) return;
      this.#next = time + 1 / MOST_HZ - TIME_TOLERANCE_S;
      emit({ kind: 'truth', time, valence, arousal });
    });
  }

  /** The stream has ended; one that comes after it may be on another stretch of time. */
  close(id: string): void {
    this.#reader.close(id);
  }

  snapshot(): TruthOutputsState {
    return { stream: this.#reader.snapshot(), next: this.#next };
  }

  restore({ stream, next }: TruthOutputsState): void {
    this.#reader.restore(stream);
    this.#next = next;
  }
}
