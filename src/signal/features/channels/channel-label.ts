import type { StreamInfo } from '../../../core/signal.js';

/** Name of channel `c` in features: its label, or `ch1`, `ch2` ... where the device sent none. */
export function labelOf(info: StreamInfo, c: number): string {
  return info.channels[c].label || `ch${c + 1}`;
}
