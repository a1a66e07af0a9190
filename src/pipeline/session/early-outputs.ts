import type { Seconds } from '../../core/clock.js';
import type { GraphOutput } from './graph-output.js';
import type { Told } from './graph-state.js';

/** Most markers and truths that wait for the first sample, which tells when they were. */
const MAX_EARLY = 4096;

/** Markers and truths, told in session time: those that come before its zero is known wait for it. */
export class EarlyOutputs {
  readonly #emit: (output: GraphOutput) => void;
  #waiting: Told[] = [];

  constructor(emit: (output: GraphOutput) => void) {
    this.#emit = emit;
  }

  /** Emits what was told at a stamp, or has it wait where there is no `zero`. */
  tell(output: Told, zero: Seconds | null): void {
    if (zero === null) {
      this.#waiting.push(output);
      if (this.#waiting.length > MAX_EARLY) this.#waiting.shift();
    } else if (output.kind === 'truth') this.#emit({ ...output, time: output.time - zero });
    else {
      const { marker } = output;
      this.#emit({ ...output, marker: { ...marker, time: marker.time - zero } });
    }
  }

  /** Emits all that waits. */
  begin(zero: Seconds): void {
    for (const output of this.#waiting.splice(0)) this.tell(output, zero);
  }

  snapshot(): readonly Told[] {
    return [...this.#waiting];
  }

  restore(state: readonly Told[]): void {
    this.#waiting = [...state];
  }
}
