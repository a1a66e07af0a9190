import type { Seconds } from '../../core/clock.js';
import type { FeatureSchema } from '../../core/features.js';
import type { GraphOutput } from './graph-output.js';
import { bareState, type GraphState } from './graph-state.js';
import type { NodeSequence, NodeSequenceState } from './node-sequence.js';
import type { SessionFacts } from './session-facts.js';

/** Thrown into a graph that is to give no more of a message. */
export class CutShort extends Error {}

/** What a graph gives, windows only when they are whole: of one that a fault cuts short nothing is given, and its numbers are used again. */
export class WholeWindows {
  readonly #sequence: NodeSequence;
  #window: GraphOutput[] = [];
  #closed_s: Seconds = Number.NEGATIVE_INFINITY;
  /** Numbers of the nodes behind the last whole window. */
  #numbers: NodeSequenceState = {};
  /** What the last vector of each node that was given holds. */
  #schemas = new Map<string, FeatureSchema>();
  #given = 0;
  #most = Number.POSITIVE_INFINITY;

  /** `sequence`: the graph's. */
  constructor(sequence: NodeSequence) {
    this.#sequence = sequence;
  }

  /** Session time of the last whole window. */
  get closed_s(): Seconds {
    return this.#closed_s;
  }

  /** What each node's vectors hold, by its last. */
  get schemas(): ReadonlyMap<string, FeatureSchema> {
    return this.#schemas;
  }

  /** Windows closed, and other things told, since the message was begun. */
  get given(): number {
    return this.#given;
  }

  /** Another message is begun; of this one no more than `most` is given. */
  begin(most = Number.POSITIVE_INFINITY): void {
    this.#given = 0;
    this.#most = most;
  }

  /** A graph goes on behind a window; `schemas`: of vectors that were given before. */
  goOn(closed_s: Seconds, schemas: ReadonlyMap<string, FeatureSchema> = this.#schemas): void {
    this.#closed_s = closed_s;
    this.#schemas = new Map(schemas);
    this.#numbers = this.#sequence.snapshot();
  }

  /** Gives what is to be given now. @throws CutShort beyond what may be. */
  take(output: GraphOutput): readonly GraphOutput[] {
    if (output.kind === 'features' || output.kind === 'indices' || output.kind === 'frame') {
      this.#window.push(output);
      return [];
    }
    if (this.#given >= this.#most) throw new CutShort();
    this.#given++;
    const given = this.#window.splice(0);
    for (const one of given) if ('node' in one) this.#schemas.set(one.node, one.vector.schema);
    if (output.kind === 'closed') {
      this.#closed_s = output.time;
      this.#numbers = this.#sequence.snapshot();
    }
    return [...given, output];
  }

  /** The graph gives no more: what it had of a window is forgotten. */
  cut(): void {
    this.#window = [];
    this.#sequence.restore(this.#numbers);
  }

  /** The session behind its last whole window, without anything that its nodes have learnt. */
  bare({ zero, open, told }: SessionFacts): GraphState {
    return bareState({ zero, closedUntil: this.#closed_s, streams: open, told, sequence: this.#numbers });
  }
}
