import type { Seconds } from '../../core/clock.js';
import type { FeatureSchema, FeatureVector } from '../../core/features.js';
import {
  isMeasured,
  period_s,
  type StreamInfo,
  type StreamMessage,
  TIME_TOLERANCE_S,
} from '../../core/signal.js';
import { ClosingTimes, type ClosingTimesState } from './closing-times.js';
import { FrameBuilder } from './frame.js';
import { NodeSequence } from './node-sequence.js';
import { type PublishedNode, publishedNodes } from './published-nodes.js';
import type { SessionFacts } from './session-facts.js';
import type { GraphOptions } from './session-graph.js';
import type { WholeWindows } from './whole-windows.js';

/**
 * What a session says that stays down after faults of its graph: at each hop of its models a frame of which nothing is there, and
 * of each node whose vectors go out one that holds nothing, once its source has had a stream. It looks at stamps alone, so that what
 * brought the graph down can't bring it down; so it knows what a node's vectors hold only from those that it gave before.
 */
export class FailedSession {
  readonly #options: Pick<GraphOptions, 'emit'>;
  readonly #frames: readonly FrameBuilder[];
  readonly #nodes: readonly PublishedNode[];
  readonly #schemas: ReadonlyMap<string, FeatureSchema>;
  readonly #sequence: NodeSequence;
  readonly #closing = new ClosingTimes();
  readonly #facts: SessionFacts;

  constructor(
    options: Omit<GraphOptions, 'ordered' | 'facts'> & { readonly facts: SessionFacts },
    { closed_s, schemas }: Pick<WholeWindows, 'closed_s' | 'schemas'>,
  ) {
    this.#options = options;
    this.#facts = options.facts;
    const { pipeline, models, sequence = new NodeSequence(), features = true } = options;
    this.#sequence = sequence;
    this.#schemas = new Map(schemas);
    this.#nodes = publishedNodes(pipeline).filter(({ kind }) => features || kind === 'indices');
    for (const { name, timing } of publishedNodes(pipeline)) this.#closing.add(name, timing);
    this.#frames = [...pipeline.models.values()].map((model) => {
      this.#closing.add(model.name, model.join);
      return new FrameBuilder(model, models.get(model.name) ?? new Map(), sequence);
    });
    this.#closing.skipTo(closed_s + TIME_TOLERANCE_S);
  }

  push(message: StreamMessage): void {
    if (message.kind === 'open') this.#facts.opened(message.info);
    else if (message.kind === 'close') this.#facts.closed(message.id);
    else if (message.kind === 'bind') this.#facts.bind(message.source, message.stream);
    else if (message.kind === 'zero') this.#beginAt(message.time);
    else if (message.kind === 'chunk') this.#reach(message.chunk.info, message.chunk.times);
  }

  /** It never has more to do: a message closes no more than the longest window holds of hops. */
  get isIdle(): boolean {
    return true;
  }

  begin(message: StreamMessage): void {
    this.push(message);
  }

  /** What is not closed by now has no end. */
  beginEnd(): void {}

  work(): number {
    return 0;
  }

  snapshot(): ClosingTimesState {
    return this.#closing.snapshot();
  }

  restore(state: ClosingTimesState): void {
    this.#closing.restore(state);
  }

  #beginAt(zero: Seconds): void {
    if (this.#facts.zero !== null) return;
    this.#facts.zero = zero;
    this.#options.emit({ kind: 'began', zero });
  }

  #reach(info: StreamInfo, times: Float64Array): void {
    if (times.length === 0 || !(isMeasured(info) || info.type === 'Ticks')) return;
    if (this.#facts.zero === null) {
      if (info.type === 'Ticks') return;
      this.#beginAt(times[0]);
    }
    const reached = times[times.length - 1] + period_s(info) - this.#facts.zero! + TIME_TOLERANCE_S;
    // Only what came last has lines: a stamp far ahead is no reason for a thousand of them.
    this.#closing.skipTo(reached - this.#closing.longest_s);
    for (let end = this.#closing.peek(); end <= reached; end = this.#closing.peek()) this.#closeAt(end);
  }

  #closeAt(time: Seconds): void {
    const due = this.#closing.take(time);
    const simulated = this.#facts.open.some((info) => info.simulated);
    const fed = new Set(this.#facts.told.map(({ source }) => source));
    for (const node of this.#nodes)
      if (due.has(node.name) && fed.has(node.source)) this.#tell(node, time, simulated);
    for (const frame of this.#frames) {
      if (!due.has(frame.model.name)) continue;
      const empty = frame.build(time, new Map());
      const modalities = new Map(
        [...empty.modalities].map(([name, status]) => [name, { ...status, reason: 'failed' }] as const),
      );
      this.#options.emit({ ...empty, modalities, simulated, failed: true });
    }
    this.#options.emit({ kind: 'closed', time, zero: this.#facts.zero ?? 0, inputs: new Map() });
  }

  #tell({ name: node, kind, source, timing }: PublishedNode, time: Seconds, simulated: boolean): void {
    const schema = this.#schemas.get(node) ?? { features: [] };
    const length = schema.features.length;
    const vector: FeatureVector = {
      schema,
      values: new Float64Array(length).fill(Number.NaN),
      present: new Uint8Array(length),
      time,
      window: [time - timing.window_s, time],
      coverage: 0,
      reason: 'failed',
      ...(kind === 'indices' && { reasons: schema.features.map(() => 'failed' as const) }),
    };
    const made = { node, seq: this.#sequence.next(node), vector, simulated };
    this.#options.emit(kind === 'indices' ? { kind, ...made } : { kind, ...made, input: source });
  }
}
