import type { SourceNode, StreamSelector } from '../../../src/pipeline/file/pipeline.js';

/** A source that takes any EEG stream, but for what `select` and `changed` say. */
export function sourceOf(
  name: string,
  select: Partial<StreamSelector> = {},
  changed: Partial<Omit<SourceNode, 'select'>> = {},
): SourceNode {
  return {
    ...{ name, type: 'websocket', stream_type: 'EEG', params: {} },
    select: { name: null, source_id: null, hostname: null, has_labels: null, ...select },
    ...{ failover: false, labels: null, optional: false },
    ...changed,
  };
}
