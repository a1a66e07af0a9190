import { EMPTY, type Observable, type Subscription } from 'rxjs';
import { canonicalJson } from '../../core/digest.js';
import { ConfigurationError } from '../../core/errors.js';
import type { EventSink } from '../../core/event.js';
import { errorOf, owned } from '../../core/owned.js';
import { containedObserver } from '../../io/sinks/contained.js';
import type { OutputMessage, Sink } from '../../io/sinks/sink.js';
import type { Pipeline, SinkNode } from '../file/pipeline.js';

/** Makes what a sink of the pipeline file stands for. */
export type SinkFactory = (node: SinkNode) => Sink;

interface MadeSink {
  readonly name: string;
  readonly sink: Sink;
  readonly inputs: ReadonlySet<string>;
}

/** Sinks that are made, and wait: `open` is called, then one of the others, once. */
export interface PreparedSinks {
  /** Opens what the new ones need for that many sessions. @throws ConfigurationError of what can't be opened. */
  open(sessions: number): Promise<void>;
  /** The new ones open, those that are named no more close. */
  goOver(): void;
  /** The new ones end before anything reached them; all stays as it was. */
  putBack(): void;
}

interface RunningSink {
  readonly sink: Sink;
  readonly subscription: Subscription;
}

/**
 * The sinks that a pipeline file names, for whose types there is a factory. Each gets what the nodes of its `input` make, and
 * nothing else. When the file changes, new sinks open, those that it names no more close, and the others go on without noticing.
 */
export class RunningSinks {
  readonly #running = new Map<string, RunningSink>();

  constructor(
    readonly outputs$: Observable<OutputMessage>,
    readonly factories: ReadonlyMap<string, SinkFactory>,
    readonly log: EventSink,
    /** Names of sessions that have ended. Default: nobody tells. */
    readonly ended$: Observable<string> = EMPTY,
  ) {}

  /**
   * Makes what `pipeline` needs and hasn't got; nothing reaches it before it goes over.
   * @throws ConfigurationError of a sink that can't be made; what runs goes on, and those made before it end.
   */
  prepare(pipeline: Pipeline): PreparedSinks {
    const wanted = new Map<string, MadeSink | null>();
    const putBack = (): void => {
      for (const made of wanted.values()) if (made) this.#close(made.sink);
    };
    try {
      for (const node of pipeline.sinks.values()) {
        const factory = this.factories.get(node.type);
        if (!factory) continue;
        const { name, type, params } = node;
        const inputs = new Set(node.inputs);
        const key = canonicalJson({ name, type, params, inputs: [...inputs].sort() });
        wanted.set(key, this.#running.has(key) ? null : { name, sink: factory(node), inputs });
      }
    } catch (error) {
      putBack();
      throw error;
    }
    const goOver = (): void => {
      for (const [key, { sink, subscription }] of this.#running)
        if (!wanted.has(key)) {
          this.#running.delete(key);
          subscription.unsubscribe();
          this.#close(sink);
        }
      for (const [key, made] of wanted)
        if (made) {
          const { name, sink, inputs } = made;
          const subscription = this.outputs$.subscribe(
            containedObserver(name, (message: OutputMessage) => feed(sink, inputs, message), this.log),
          );
          subscription.add(
            this.ended$.subscribe(
              containedObserver(name, (session: string) => sink.ended?.(session), this.log),
            ),
          );
          this.#running.set(key, { sink, subscription });
        }
    };
    const open = async (sessions: number): Promise<void> => {
      for (const made of wanted.values())
        if (made)
          try {
            await made.sink.open?.(sessions);
          } catch (error) {
            const { message } = errorOf(error);
            throw new ConfigurationError('sink-unusable', `sink ${made.name}: ${message}`, { cause: error });
          }
    };
    return { open, goOver, putBack };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running].map(([key, running]) => this.#end(key, running)));
  }

  #close(sink: Sink): void {
    owned(sink.close(), ({ message }) =>
      this.log({ code: 'sink-failed', level: 'error', message: `a sink could not be closed: ${message}` }),
    );
  }

  async #end(key: string, { sink, subscription }: RunningSink): Promise<void> {
    this.#running.delete(key);
    subscription.unsubscribe();
    await sink.close();
  }
}

function feed(sink: Sink, inputs: ReadonlySet<string>, message: OutputMessage): void {
  if ('node' in message && inputs.has(message.node)) sink.publish(message);
}
