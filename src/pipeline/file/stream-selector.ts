import type { StreamInfo } from '../../core/signal.js';
import type { SourceNode } from './pipeline.js';

type Selecting = Pick<SourceNode, 'stream_type' | 'select'>;

/** Whether a source asks for streams like this one. */
export function selects({ stream_type, select }: Selecting, stream: StreamInfo): boolean {
  const { name, source_id, hostname, has_labels } = select;
  if (stream.type !== stream_type) return false;
  if (name !== null && stream.name !== name) return false;
  if (source_id !== null && stream.sourceId !== source_id) return false;
  if (hostname !== null && stream.hostname !== hostname) return false;
  return has_labels === null || has_labels.every((label) => stream.channels.some((c) => c.label === label));
}

/** How much a source asks for beside the type; who asks for more chooses first. */
export function specificity({ select }: Selecting): number {
  return Object.values(select).filter((value) => value !== null).length;
}
