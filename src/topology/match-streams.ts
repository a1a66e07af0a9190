import type { SessionEvent } from '../core/event.js';
import type { StreamInfo } from '../core/signal.js';
import type { Pipeline } from './pipeline.js';
import { selects } from './stream-selector.js';

export interface Candidate {
  readonly info: StreamInfo;
  readonly samples: number;
}

export interface StreamMatch {
  /** Source node to stream id. */
  readonly bindings: ReadonlyMap<string, string>;
  /** Sources that need a stream and have none. */
  readonly missing: readonly string[];
  /** Ties, dead streams and streams that nothing asked for. */
  readonly notes: readonly SessionEvent[];
}

/**
 * Finds the stream for each source of a pipeline: by canonical type, then by name; among several the one with most
 * samples. `Affect`, `Annotation` and marker streams are never inputs; dead streams are passed over.
 */
export function matchStreams(pipeline: Pipeline, candidates: readonly Candidate[]): StreamMatch {
  const bindings = new Map<string, string>();
  const missing: string[] = [];
  const notes: SessionEvent[] = [];
  for (const source of pipeline.sources.values()) {
    const fitting = candidates.filter(({ info }) => selects(source, info));
    const alive = fitting.filter(({ samples }) => samples > 0).sort((a, b) => b.samples - a.samples);
    for (const { info } of fitting.filter(({ samples }) => samples === 0)) {
      notes.push(note('stream-ignored', info, `stream ${info.name} (${info.type}) has no samples; left out`));
    }
    if (alive.length === 0) {
      if (!source.optional) missing.push(source.name);
      continue;
    }
    bindings.set(source.name, alive[0].info.id);
    if (alive.length > 1) {
      const others = alive.slice(1).map(({ info, samples }) => `${info.name} (${samples})`);
      notes.push(
        note(
          'stream-ignored',
          alive[0].info,
          `${source.name}: ${alive.length} streams fit; ${alive[0].info.name} has most samples (${alive[0].samples}), left out: ${others.join(', ')}`,
        ),
      );
    }
  }
  return { bindings, missing, notes };
}

function note(code: SessionEvent['code'], info: StreamInfo, message: string): SessionEvent {
  return { code, level: 'warn', stream: info.name, message };
}
