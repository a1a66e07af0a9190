import { quoteForQuery } from './query.js';
import type { LslStreamInfo } from './stream-info.js';

/** Looks for the outlets that may carry on a lost stream. */
export interface Search {
  /** Those that answered since it began, and lately. */
  readonly streams: readonly LslStreamInfo[];
  /** One that could not be connected to counts no more until it answers again: its last answer may have outlived it. */
  forget(uid: string): void;
  close(): void;
}

/** Query for the stream's outlets: this one, or what its device starts in its place if it has a source id. */
export function recoveryQuery({
  name,
  type,
  sourceId,
  channelCount,
  channelFormat,
  uid,
}: LslStreamInfo): string {
  if (sourceId === '') return `uid='${uid}'`;
  const same = [
    ['name', name],
    ['type', type],
    ['source_id', sourceId],
    ['channel_format', channelFormat],
  ] as const;
  try {
    return same
      .map(([field, text]) => `${field}=${quoteForQuery(text)}`)
      .concat(`channel_count='${channelCount}'`)
      .join(' and ');
  } catch {
    // A name with both kinds of quotes can't be asked for; this very outlet can.
    return `uid='${uid}'`;
  }
}

/** Equal for outlets that may carry on one another, as {@link recoveryQuery} finds them. */
export function recoveryKey(info: LslStreamInfo): string {
  const { name, type, sourceId, channelCount, channelFormat } = info;
  return sourceId === '' ? info.uid : JSON.stringify([name, type, sourceId, channelCount, channelFormat]);
}

/** The likeliest of the outlets to carry on a stream: the same one, else the youngest whose samples have its form. */
export function successorOf(lost: LslStreamInfo, found: readonly LslStreamInfo[]): LslStreamInfo | undefined {
  const { uid, channelCount, channelFormat } = lost;
  return found
    .filter((info) => info.channelCount === channelCount && info.channelFormat === channelFormat)
    .sort((a, b) => Number(b.uid === uid) - Number(a.uid === uid) || b.createdAt - a.createdAt)[0];
}
