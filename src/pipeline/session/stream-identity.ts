import type { StreamInfo } from '../../core/signal.js';

/**
 * What tells a stream from others, the same when it returns. A client's name is its own wherever it is; who has none is told by the
 * machine.
 */
export function identity({ client, hostname, name, type, sourceId }: StreamInfo): string {
  return JSON.stringify([
    client ?? null,
    client === undefined ? (hostname ?? null) : null,
    name,
    type,
    sourceId,
  ]);
}

/** Whether two streams come from the same client or machine: one may follow the other. */
export function areRelated(a: StreamInfo, b: StreamInfo): boolean {
  if (a.client !== undefined && a.client === b.client) return true;
  return a.hostname === b.hostname;
}
