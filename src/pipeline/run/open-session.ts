import { InputError } from '../../core/errors.js';
import type { EventSink } from '../../core/event.js';
import { TIME_TOLERANCE_S } from '../../core/signal.js';
import { joinRecordings } from '../../io/recordings/join.js';
import { openRecordings } from '../../io/recordings/open.js';
import type { Recording } from '../../io/recordings/recording.js';
import type { Pipeline } from '../file/pipeline.js';
import { loggedSources, matchStreams } from './match-streams.js';

export interface RecordedSession {
  readonly recording: Recording;
  readonly session: string;
  /** Source node to the id of the stream that feeds it first. */
  readonly bindings: ReadonlyMap<string, string>;
}

export interface OpenSessionOptions {
  readonly pipeline: Pipeline;
  readonly session?: string | undefined;
  readonly alignStart: boolean;
  readonly events: EventSink;
}

/**
 * Opens recordings as one session and finds the streams for a pipeline's sources. Throws {@link InputError} when no
 * stream fits or none is as long as a window.
 */
export async function openSession(
  paths: readonly string[],
  options: OpenSessionOptions,
): Promise<RecordedSession> {
  const { pipeline, events } = options;
  const opened = await openRecordings(paths);
  try {
    const recording =
      opened.length === 1 ? opened[0] : joinRecordings(opened, { alignStart: options.alignStart });
    for (const problem of recording.problems) {
      events({ code: 'recording-damaged', level: 'warn', message: `${recording.path}: ${problem}` });
    }
    const candidates = recording.streams;
    const { bindings: matched, missing: unmatched, notes } = matchStreams(pipeline, candidates);
    const bindings = new Map(matched);
    for (const name of loggedSources(pipeline, recording.bound))
      bindings.set(name, recording.bound!.get(name)![0].id);
    const missing = unmatched.filter((name) => !bindings.has(name));
    for (const event of notes) events(event);
    const found =
      recording.streams
        .map(({ info, samples }) => `${info.name} (${info.type}, ${samples} samples)`)
        .join(', ') || 'none';
    if (bindings.size === 0 || missing.length > 0) {
      const wanted = (missing.length > 0 ? missing : [...pipeline.sources.keys()])
        .map((name) => `${name} (${pipeline.sources.get(name)?.stream_type})`)
        .join(', ');
      throw new InputError(
        'no-usable-stream',
        `${paths.join(', ')}: no usable stream for ${wanted}; streams found: ${found}; see affectd inspect`,
      );
    }
    requireOneWindow(recording, pipeline, bindings);
    return { recording, session: options.session ?? opened[0].stem, bindings };
  } catch (error) {
    await Promise.all(opened.map((recording) => recording.close()));
    throw error;
  }
}

function requireOneWindow(
  recording: Recording,
  pipeline: Pipeline,
  bindings: ReadonlyMap<string, string>,
): void {
  const bound = new Set(bindings.values());
  const alive = recording.streams.filter(({ info, samples }) => bound.has(info.id) && samples > 0);
  const first = Math.min(...alive.map((stream) => stream.first ?? Number.POSITIVE_INFINITY));
  const end = Math.max(
    ...alive.map(
      ({ info, last }) => (last ?? Number.NEGATIVE_INFINITY) + (info.sfreq > 0 ? 1 / info.sfreq : 0),
    ),
  );
  const windows_s = [...pipeline.transforms.values()].flatMap(({ definition, params }) =>
    definition.kind === 'window' ? [definition.timing(params as never).window_s] : [],
  );
  const shortest_s = Math.min(...windows_s);
  if (end - first < shortest_s - TIME_TOLERANCE_S) {
    throw new InputError(
      'recording-too-short',
      `${recording.path}: ${(end - first).toFixed(3)} s of data, shorter than the window of ${shortest_s} s`,
    );
  }
}
