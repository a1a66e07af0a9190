import type { StreamInfo } from '../../../core/signal.js';

/** Indices of the channels whose unit is one of `units`: other units are masked, never mixed in. */
export function channelsIn(info: StreamInfo, units: readonly string[]): number[] {
  return info.channels.flatMap(({ unit }, c) => (units.includes(unit) ? [c] : []));
}
