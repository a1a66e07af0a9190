import { catchError, EMPTY, Subject, takeUntil } from 'rxjs';
import { canonicalJson } from '../core/digest.js';
import { type Source, type SourceContext, sourceFailed } from '../sources/source.js';
import { closedAtEnd } from './closed-at-end.js';
import type { Pipeline } from './pipeline.js';
import { sourceDefinitions } from './registry.js';

export interface RunningSourcesOptions {
  readonly context: SourceContext;
  /** Takes a source in; called when it should start. */
  readonly consume: (source: Source) => void;
}

/**
 * The sources that a pipeline file names beside the WebSocket, which every daemon has. Nodes of equal type and
 * parameters share one. When the file changes, new sources start, those that it names no more end, and the others go on
 * without noticing.
 */
export class RunningSources {
  readonly #running = new Map<string, Subject<void>>();

  constructor(readonly options: RunningSourcesOptions) {}

  /**
   * Makes what `pipeline` needs and hasn't got; nothing starts or ends before the returned function is called.
   * @throws ConfigurationError of a source that can't be made; what runs goes on.
   */
  prepare(pipeline: Pipeline): () => void {
    const wanted = new Map<string, Source | null>();
    for (const { type, params } of pipeline.sources.values()) {
      const definition = sourceDefinitions.get(type);
      const key = canonicalJson([type, params]);
      if (!definition || type === 'websocket' || wanted.has(key)) continue;
      wanted.set(key, this.#running.has(key) ? null : definition.create(params, this.options.context));
    }
    return () => {
      for (const [key, stop] of this.#running) if (!wanted.has(key)) this.#end(key, stop);
      for (const [key, source] of wanted) if (source) this.#start(key, source);
    };
  }

  /** Ends every source, its streams closed. */
  close(): void {
    for (const [key, stop] of this.#running) this.#end(key, stop);
  }

  #start(key: string, source: Source): void {
    const stop = new Subject<void>();
    this.#running.set(key, stop);
    const messages$ = source.messages$.pipe(
      takeUntil(stop),
      catchError((error: unknown) => {
        this.options.context.events(sourceFailed(error));
        return EMPTY;
      }),
      closedAtEnd(),
    );
    this.options.consume({ ...source, messages$ });
  }

  #end(key: string, stop: Subject<void>): void {
    this.#running.delete(key);
    stop.next();
  }
}
