import type { Seconds } from '../../core/clock.js';
import type { ChunkTransform, WindowTransform } from '../../core/component.js';
import { ConfigurationError } from '../../core/errors.js';
import { errorOf } from '../../core/owned.js';
import { MAX_WINDOW_VALUES, type StreamInfo } from '../../core/signal.js';
import { canonicalLabels } from '../../signal/montage/labels.js';
import type { Pipeline, SourceNode } from './pipeline.js';

/**
 * A stream as a source takes it, with the labels of the pipeline file.
 * @throws ConfigurationError `labels-mismatch`; `stream-too-large`: its windows, `longest_s` long, would hold more than `most` values.
 */
export function fitted(
  { labels }: SourceNode,
  stream: StreamInfo,
  longest_s: Seconds,
  most = MAX_WINDOW_VALUES,
): StreamInfo {
  const info = labels ? relabelled(stream, labels) : stream;
  // What one stream makes of work and memory in a turn must not depend on what it declares.
  const values = info.channels.length * info.sfreq * longest_s;
  if (values > most)
    throw new ConfigurationError(
      'stream-too-large',
      `${info.channels.length} channels at ${info.sfreq} Hz make ${values.toExponential(1)} values a window, ${most} are taken; send fewer channels, or a lower rate`,
    );
  return info;
}

/** Why the nodes of a source can't work on a stream, such as one of irregular rate, which has no spectrum; null: they can. */
export function whyUnusable(
  pipeline: Pick<Pipeline, 'transforms' | 'models'>,
  source: SourceNode,
  stream: StreamInfo,
  most = MAX_WINDOW_VALUES,
): string | null {
  try {
    const infos = new Map([[source.name, fitted(source, stream, longestWindow_s(pipeline), most)]]);
    for (const { name, source: from, input, definition, params } of pipeline.transforms.values()) {
      const info = from === source.name ? infos.get(input) : undefined;
      if (!info) continue;
      if (definition.kind === 'chunk')
        infos.set(name, (definition as ChunkTransform<never>).create(params as never).reset(info, 'start'));
      else if (definition.kind === 'window')
        (definition as WindowTransform<never>).create(params as never).reset(info, 'start');
    }
    return null;
  } catch (error) {
    return errorOf(error).message;
  }
}

function longestWindow_s({ transforms, models }: Pick<Pipeline, 'transforms' | 'models'>): Seconds {
  const windows_s = [...transforms.values()].flatMap(({ definition, params }) =>
    definition.kind === 'window'
      ? [(definition as WindowTransform<never>).timing(params as never).window_s]
      : [],
  );
  return Math.max(0, ...windows_s, ...[...models.values()].map(({ join }) => join.window_s));
}

function relabelled(info: StreamInfo, labels: readonly string[]): StreamInfo {
  if (labels.length !== info.channels.length) {
    throw new ConfigurationError(
      'labels-mismatch',
      `it has ${info.channels.length} channels, labels names ${labels.length}; name all of them`,
    );
  }
  const canonical = canonicalLabels(labels);
  return { ...info, channels: info.channels.map((channel, c) => ({ ...channel, label: canonical[c] })) };
}
