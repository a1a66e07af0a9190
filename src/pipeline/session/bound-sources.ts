import type { Seconds } from '../../core/clock.js';
import { type Chunk, isSameLayout, type StreamInfo, TIME_TOLERANCE_S } from '../../core/signal.js';
import { ChannelMonitor, type ChannelMonitorState } from './channel-monitor.js';
import type { InputStatus } from './graph-output.js';
import type { BoundSource, GraphState } from './graph-state.js';

interface Bound extends BoundSource {
  readonly monitor: ChannelMonitor | null;
}

/** The sources of a session that streams feed, in the order in which they were bound. */
export class BoundSources {
  readonly #bound = new Map<string, Bound>();

  constructor(
    /** The pipeline's sources, in order. */
    readonly sources: readonly string[],
    /** Whether the state of every channel is followed. */
    readonly isMonitored: boolean,
  ) {}

  get(source: string): BoundSource | undefined {
    return this.#bound.get(source);
  }

  has(source: string): boolean {
    return this.#bound.has(source);
  }

  [Symbol.iterator](): IterableIterator<[source: string, bound: BoundSource]> {
    return this.#bound.entries();
  }

  /** `seen`: what is known of its channels. Throws where channels can't be followed. */
  set(source: string, bound: BoundSource, seen: ChannelMonitorState | null = null): void {
    const monitor = this.isMonitored ? new ChannelMonitor(bound.info) : null;
    if (seen) monitor?.restore(seen);
    this.#bound.set(source, { ...bound, monitor });
  }

  delete(source: string): void {
    this.#bound.delete(source);
  }

  /** Those that a stream feeds, as it is described. */
  fedBy(info: StreamInfo): readonly string[] {
    const fed: string[] = [];
    for (const [source, { stream }] of this.#bound)
      if (stream.id === info.id && isSameLayout(stream, info)) fed.push(source);
    return fed;
  }

  /** Samples that feed `source`, stamps in session time; gives them as the source takes them. */
  push(source: string, chunk: Chunk): Chunk {
    const bound = this.#bound.get(source)!;
    const own = { ...chunk, info: bound.info };
    bound.since ??= chunk.times[0];
    bound.monitor?.push(own);
    return own;
  }

  /** Whether a window at `time` can hold a sample of a source. */
  hasBegun(source: string, time: Seconds): boolean {
    const since = this.#bound.get(source)?.since ?? Number.POSITIVE_INFINITY;
    return since < time - TIME_TOLERANCE_S;
  }

  /** Whether the session holds a source's stream to be stale. */
  isStale(source: string): boolean {
    return this.#bound.get(source)?.stale ?? true;
  }

  /**
   * State of every channel since the last window, by source, in the pipeline's order. `contacts`: by label, as the headset tells; `filledOf`: share of a
   * source's samples that were filled in, by label.
   */
  takeInputs(
    time: Seconds,
    contacts: ReadonlyMap<string, number>,
    filledOf: (source: string) => ReadonlyMap<string, number> | undefined,
  ): ReadonlyMap<string, InputStatus> {
    const inputs = new Map<string, InputStatus>();
    for (const source of this.sources) {
      const bound = this.#bound.get(source);
      if (!bound?.monitor || !this.hasBegun(source, time)) continue;
      const { info, stale, monitor } = bound;
      const filled = filledOf(source);
      const channels = monitor.take(time, stale).map((report) => {
        const contact = report.quality && contacts.get(report.label);
        return {
          ...report,
          ...(contact === undefined ? {} : { contact }),
          ...(filled && { interpolated: filled.get(report.label) ?? 0 }),
        };
      });
      inputs.set(source, { info, stale, channels });
    }
    return inputs;
  }

  snapshot(): GraphState['sources'] {
    return [...this.#bound].map(([name, { monitor, ...bound }]) => ({
      ...bound,
      name,
      monitor: monitor?.snapshot() ?? null,
    }));
  }
}
