import type { Section } from './sos-filter.js';

/**
 * Second-order notch at `centre_hz` with quality factor `q` = centre / -3 dB bandwidth: the section of
 * `scipy.signal.iirnotch(centre_hz, q, fs=sfreq)` (Orfanidis, Introduction to Signal Processing, 11.3).
 */
export function designNotch(centre_hz: number, q: number, sfreq: number): Section {
  const w = (2 * Math.PI * centre_hz) / sfreq;
  const gain = 1 / (1 + Math.tan(w / (2 * q)));
  const middle = -2 * gain * Math.cos(w);
  return { b0: gain, b1: middle, b2: gain, a1: middle, a2: 2 * gain - 1 };
}
