import type { Stateful } from '../../core/state.js';

/** Next number of each node. */
export type NodeSequenceState = Readonly<Record<string, number>>;

/** Numbers what each node of a session makes, from 0. */
export class NodeSequence implements Stateful<NodeSequenceState> {
  readonly #next = new Map<string, number>();

  next(node: string): number {
    const seq = this.#next.get(node) ?? 0;
    this.#next.set(node, seq + 1);
    return seq;
  }

  snapshot(): NodeSequenceState {
    return Object.fromEntries(this.#next);
  }

  restore(state: NodeSequenceState): void {
    this.#next.clear();
    for (const [node, seq] of Object.entries(state)) this.#next.set(node, seq);
  }
}
