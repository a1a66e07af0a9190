import type { Seconds } from '../../../core/clock.js';

export type DeviceEventKind = 'fixation' | 'saccade' | 'blink' | 'smooth-pursuit';
export type Eye = 'left' | 'right';

/**
 * An event that the eye tracker found itself, as the text of a marker at its end, when the device could know it:
 * `fixation onset_s=1.25 duration_s=0.3 eye=left`.
 */
export function deviceEventText(kind: DeviceEventKind, onset: Seconds, end: Seconds, eye?: Eye): string {
  const text = `${kind} onset_s=${rounded(onset)} duration_s=${rounded(end - onset)}`;
  return eye ? `${text} eye=${eye}` : text;
}

/** The text of a marker at an event's start, where the device tells it then. */
export function deviceEventStartText(kind: DeviceEventKind, eye?: Eye): string {
  return eye ? `${kind}-start eye=${eye}` : `${kind}-start`;
}

/** Microseconds: what a stamp of the session resolves. */
function rounded(time: Seconds): number {
  return Number(time.toFixed(6));
}
