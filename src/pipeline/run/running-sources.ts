import { catchError, EMPTY, Subject, takeUntil } from 'rxjs';
import { canonicalJson } from '../../core/digest.js';
import {
  type Source,
  type SourceContext,
  type SourceDefinition,
  sourceFailed,
} from '../../io/sources/source.js';
import type { Pipeline, SourceNode } from '../file/pipeline.js';
import { sourceDefinitions } from '../file/registry.js';
import { closedAtEnd } from './closed-at-end.js';

/** A node that asks for a source. */
type Asked = Pick<SourceNode, 'type' | 'params'>;

/** A source that nodes ask for. */
interface Wanted {
  readonly definition: SourceDefinition;
  readonly params: unknown[];
}

interface Running {
  readonly source: Source;
  readonly stop: Subject<void>;
}

export interface RunningSourcesOptions {
  readonly context: SourceContext;
  /** Sources that run whatever the pipeline names. Default: none. */
  readonly always?: readonly Asked[];
  /** Takes a source in; called when it should start. */
  readonly consume: (source: Source) => void;
}

/**
 * The sources that a pipeline file names beside the WebSocket, which every daemon has. Nodes that have in common what their
 * source's definition says share one. When the file changes, new sources start, those that it names no more end, and the others
 * go on without noticing.
 */
export class RunningSources {
  readonly #running = new Map<string, Running>();

  constructor(readonly options: RunningSourcesOptions) {}

  /**
   * Makes what `pipeline` needs and hasn't got; nothing starts or ends before the returned function is called.
   * @throws ConfigurationError of a source that can't be made; what runs goes on.
   */
  prepare(pipeline: Pipeline): () => void {
    const wanted = this.#wantedBy(pipeline);
    const made = new Map<string, Source>();
    const changes: (() => void)[] = [];
    for (const [key, { definition, params }] of wanted) {
      const known = this.#running.get(key)?.source;
      const source = known ?? definition.create(params[0], this.options.context);
      if (!known) made.set(key, source);
      const change = source.serve?.(params);
      if (change) changes.push(change);
    }
    return () => {
      for (const [key, { stop }] of this.#running) if (!wanted.has(key)) this.#end(key, stop);
      for (const change of changes) change();
      for (const [key, source] of made) this.#start(key, source);
    };
  }

  /** @throws InputError of what a new source of `pipeline` would read and isn't there. */
  async check(pipeline: Pipeline): Promise<void> {
    for (const [key, { definition, params }] of this.#wantedBy(pipeline))
      if (!this.#running.has(key)) await definition.check?.(params[0]);
  }

  #wantedBy(pipeline: Pipeline): ReadonlyMap<string, Wanted> {
    return wantedBy([...pipeline.sources.values(), ...(this.options.always ?? [])]);
  }

  /** Ends every source, its streams closed. */
  close(): void {
    for (const [key, { stop }] of this.#running) this.#end(key, stop);
  }

  #start(key: string, source: Source): void {
    const stop = new Subject<void>();
    this.#running.set(key, { source, stop });
    const messages$ = source.messages$.pipe(
      takeUntil(stop),
      catchError((error: unknown) => {
        this.options.context.events(sourceFailed(error));
        return EMPTY;
      }),
      closedAtEnd(),
    );
    this.options.consume({ messages$ });
  }

  #end(key: string, stop: Subject<void>): void {
    this.#running.delete(key);
    stop.next();
  }
}

/** By what each source's nodes have in common. */
function wantedBy(nodes: readonly Asked[]): ReadonlyMap<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const { type, params } of nodes) {
    const definition = sourceDefinitions.get(type);
    if (!definition || type === 'websocket') continue;
    const key = canonicalJson([type, definition.receiver ? definition.receiver(params) : params]);
    const known = wanted.get(key);
    if (known) known.params.push(params);
    else wanted.set(key, { definition, params: [params] });
  }
  return wanted;
}
