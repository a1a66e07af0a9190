import type { Seconds } from '../../core/clock.js';
import type { StreamInfo } from '../../core/signal.js';
import type { Binding } from './binder.js';

export interface SessionFactsState {
  readonly zero: Seconds | null;
  readonly streams: readonly StreamInfo[];
  readonly told: readonly Binding[];
}

/**
 * What a session's log has told, as far as its graph has read it. It outlives the graph: one that begins anew after a fault, or
 * stays down, or takes over for another pipeline, has it from here.
 */
export class SessionFacts {
  /** Stamp that is zero on the session clock; null before it is known. */
  zero: Seconds | null = null;
  readonly #open = new Map<string, StreamInfo>();
  readonly #fed = new Map<string, StreamInfo>();

  /** Streams that are open. */
  get open(): readonly StreamInfo[] {
    return [...this.#open.values()];
  }

  /** Which stream was told to feed each source. */
  get told(): readonly Binding[] {
    return [...this.#fed].map(([source, stream]) => ({ source, stream }));
  }

  /** Goes on from what another session of the same log had read. */
  restore({ zero, streams, told }: SessionFactsState): void {
    this.zero = zero;
    for (const info of streams) this.opened(info);
    for (const { source, stream } of told) this.bound(source, stream);
  }

  streamOf(id: string): StreamInfo | undefined {
    return this.#open.get(id);
  }

  opened(info: StreamInfo): void {
    this.#open.set(info.id, info);
  }

  closed(id: string): void {
    this.#open.delete(id);
  }

  /** The stream of this id feeds a source from here on; undefined: none of it is open, and nothing changes. */
  bind(source: string, id: string): StreamInfo | undefined {
    const stream = this.#open.get(id);
    if (stream) this.bound(source, stream);
    return stream;
  }

  /** A stream feeds a source from here on. */
  bound(source: string, stream: StreamInfo): void {
    this.#fed.set(source, stream);
  }
}
