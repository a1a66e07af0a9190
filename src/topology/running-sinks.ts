import type { Observable, Subscription } from 'rxjs';
import { canonicalJson } from '../core/digest.js';
import type { EventSink } from '../core/event.js';
import { owned } from '../core/owned.js';
import { contained } from '../sinks/contained.js';
import type { OutputMessage, Sink } from '../sinks/sink.js';
import type { Pipeline } from './pipeline.js';

/** Makes a sink of one type; `streams`: what the pipeline feeds it with. */
export type SinkFactory = (streams: ReadonlySet<OutputMessage['stream']>) => Sink;

interface RunningSink {
  readonly sink: Sink;
  readonly subscription: Subscription;
}

/**
 * The sinks that a pipeline file names, one of each type, for whose types there is a factory. When the file changes,
 * new sinks open, those that it names no more close, and the others go on without noticing.
 */
export class RunningSinks {
  readonly #running = new Map<string, RunningSink>();

  constructor(
    readonly outputs$: Observable<OutputMessage>,
    readonly factories: ReadonlyMap<string, SinkFactory>,
    readonly log: EventSink,
  ) {}

  /**
   * Makes what `pipeline` needs and hasn't got; nothing opens or closes before the returned function is called.
   * @throws ConfigurationError of a sink that can't be made; what runs goes on.
   */
  prepare(pipeline: Pipeline): () => void {
    const wanted = new Map<string, Sink | null>();
    for (const [type, factory] of this.factories) {
      const streams = streamsOf(pipeline, type);
      if (streams.size === 0) continue;
      const key = canonicalJson([type, [...streams].sort()]);
      wanted.set(key, this.#running.has(key) ? null : factory(streams));
    }
    return () => {
      for (const [key, running] of this.#running)
        if (!wanted.has(key))
          owned(this.#end(key, running), ({ message }) =>
            this.log({
              code: 'sink-failed',
              level: 'error',
              message: `a sink could not be closed: ${message}`,
            }),
          );
      for (const [key, sink] of wanted)
        if (sink) {
          const publish = contained(key, (message: OutputMessage) => sink.publish(message), this.log);
          const subscription = this.outputs$.subscribe(publish);
          this.#running.set(key, { sink, subscription });
        }
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running].map(([key, running]) => this.#end(key, running)));
  }

  async #end(key: string, { sink, subscription }: RunningSink): Promise<void> {
    this.#running.delete(key);
    subscription.unsubscribe();
    await sink.close();
  }
}

function streamsOf({ sinks, models }: Pipeline, type: string): ReadonlySet<OutputMessage['stream']> {
  const inputs = [...sinks.values()].filter((sink) => sink.type === type).flatMap((sink) => sink.inputs);
  return new Set(inputs.map((input) => (models.has(input) ? 'affect' : 'features')));
}
