import type { Seconds } from '../../core/clock.js';

/** What a recording knows of a stream before it is read. */
export interface StreamSpan {
  readonly samples: number;
  /** First and last stamp, s; null of a dead stream. */
  readonly first: Seconds | null;
  readonly last: Seconds | null;
}

/** Whether two streams of a recording overlap; a dead one overlaps none. */
export function areAtOnce(a: StreamSpan, b: StreamSpan): boolean {
  if (a.first === null || a.last === null || b.first === null || b.last === null) return false;
  return a.first <= b.last && b.first <= a.last;
}
