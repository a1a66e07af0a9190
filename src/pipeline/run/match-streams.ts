import type { SessionEvent } from '../../core/event.js';
import type { StreamInfo } from '../../core/signal.js';
import type { Pipeline } from '../file/pipeline.js';
import { whyUnusable } from '../file/stream-fit.js';
import { selects } from '../file/stream-selector.js';
import { Binder } from '../session/binder.js';
import type { StreamSpan } from '../session/stream-span.js';

export interface Candidate {
  readonly info: StreamInfo;
  readonly samples: number;
  /** First and last stamp, s; null of a dead stream. Left out: the streams are taken to be there all at once. */
  readonly first?: number | null;
  readonly last?: number | null;
}

export interface StreamMatch {
  /** Source node to the id of the stream that feeds it first. */
  readonly bindings: ReadonlyMap<string, string>;
  /** Sources that need a stream and have none. */
  readonly missing: readonly string[];
  /** Ties and dead streams. */
  readonly notes: readonly SessionEvent[];
}

/** What a recording knows of its streams, for those that follow it. */
export function spansOf(candidates: readonly Candidate[]): ReadonlyMap<string, StreamSpan> {
  return new Map(
    candidates.map(({ info, samples, first = 0, last = 0 }) => [info.id, { samples, first, last }]),
  );
}

/**
 * Which stream of a recording feeds each source of a pipeline first, as its replay will find. Dead streams are passed
 * over; among several that fit and are there at once the one with most samples is taken.
 */
export function matchStreams(pipeline: Pipeline, candidates: readonly Candidate[]): StreamMatch {
  const notes: SessionEvent[] = [];
  const sources = [...pipeline.sources.values()];
  const binder = new Binder(sources, {
    session: '',
    events: () => {},
    unusable: (source, stream) => whyUnusable(pipeline, source, stream),
    spans: spansOf(candidates),
  });
  for (const { info } of candidates) binder.take({ kind: 'open', info }, Number.NEGATIVE_INFINITY);
  const bindings = new Map<string, string>();
  const alive = candidates.filter(({ samples }) => samples > 0);
  for (const { info, first } of [...alive].sort((a, b) => (a.first ?? 0) - (b.first ?? 0))) {
    const times = Float64Array.of(first ?? 0);
    const data = new Float64Array(info.channels.length);
    const chunk = { info, data, times, gapBefore: false };
    for (const { source, stream } of binder.take({ kind: 'chunk', chunk }, times[0]))
      if (!bindings.has(source)) bindings.set(source, stream.id);
  }
  const taken = new Set(bindings.values());
  for (const source of sources) {
    const fitting = candidates.filter(({ info }) => selects(source, info));
    for (const { info } of fitting.filter(({ samples }) => samples === 0))
      notes.push(note(info, `stream ${info.name} (${info.type}) has no samples; left out`));
    const chosen = fitting.find(({ info }) => info.id === bindings.get(source.name));
    if (!chosen) continue;
    const others = fitting
      .filter(({ info, samples }) => samples > 0 && !taken.has(info.id))
      .filter((other) => (other.first ?? 0) <= (chosen.last ?? 0) && (chosen.first ?? 0) <= (other.last ?? 0))
      .map(({ info, samples }) => `${info.name} (${samples})`);
    if (others.length > 0)
      notes.push(
        note(
          chosen.info,
          `${source.name}: ${others.length + 1} streams fit; ${chosen.info.name} has most samples (${chosen.samples}), left out: ${others.join(', ')}`,
        ),
      );
  }
  const missing = sources.filter(({ name, optional }) => !optional && !bindings.has(name));
  return { bindings, missing: missing.map(({ name }) => name), notes };
}

function note(info: StreamInfo, message: string): SessionEvent {
  return { code: 'stream-ignored', level: 'warn', stream: info.name, message };
}

/** Sources of a pipeline whose streams a recording's log tells, all of which they ask for; what else it tells is of another pipeline. */
export function loggedSources(
  { sources }: Pick<Pipeline, 'sources'>,
  bound: ReadonlyMap<string, readonly StreamInfo[]> = new Map(),
): ReadonlySet<string> {
  const known = [...sources.values()].filter((source) => {
    const streams = bound.get(source.name) ?? [];
    return streams.length > 0 && streams.every((stream) => selects(source, stream));
  });
  return new Set(known.map(({ name }) => name));
}
