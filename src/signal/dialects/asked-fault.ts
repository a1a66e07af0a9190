import type { Seconds } from '../../core/clock.js';
import type { StreamInfo } from '../../core/signal.js';

/** Name of the stream of markers by which a simulator asks for faults of the daemon itself. */
export const ASKED_FAULTS = 'affectd-faults';

/** A fault of the daemon that a simulator asks for. */
export type AskedFault =
  /** The session's graph throws. */
  | { readonly kind: 'throw' }
  /** Each prediction of the session takes so much longer from here on; 0: no longer. */
  | { readonly kind: 'slow-model'; readonly wait_s: Seconds };

/** Whether a stream asks for faults: one that isn't told to be simulated asks for none. */
export function asksForFaults({ name, type, simulated }: StreamInfo): boolean {
  return name === ASKED_FAULTS && type === 'Markers' && simulated === true;
}

/** The marker that asks for it, as {@link parseAskedFault} reads it. */
export function formatAskedFault(fault: AskedFault): string {
  return fault.kind === 'throw' ? fault.kind : `${fault.kind}=${fault.wait_s}`;
}

/** Null: the marker asks for nothing that is known. */
export function parseAskedFault(marker: string): AskedFault | null {
  if (marker === 'throw') return { kind: 'throw' };
  const slow = /^slow-model=(\d{1,2}(?:\.\d{1,9})?)$/.exec(marker);
  return slow && { kind: 'slow-model', wait_s: Number(slow[1]) };
}
