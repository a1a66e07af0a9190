import { describe, expect, it } from 'vitest';
import { clockEvent } from '../../../src/signal/timebase/clock-events.js';
import type { ClockEvent } from '../../../src/signal/timebase/stream-clock.js';

const info = { id: 'eeg', name: 'Muse', type: 'EEG' } as const;
const messageOf = (code: ClockEvent['code'], details: ClockEvent['details']) =>
  clockEvent({ kind: 'event', code, arrival: 7, time: 5, details }, info).message;

describe('clockEvent', () => {
  it('keeps code, stream, stamp and details', () => {
    const details = { off_s: 30, count: 3 };
    expect(clockEvent({ kind: 'event', code: 'stamp-outlier', arrival: 7, time: 5, details }, info)).toEqual({
      code: 'stamp-outlier',
      level: 'warn',
      message:
        "stream 'Muse' (EEG): a stamp is off by +30 s, the last of 3 since this was told; stamps are predicted until they come back or stay off",
      stream: 'eeg',
      time: 5,
      count: 3,
      details,
    });
  });

  it.each([
    [
      'stamp-outlier',
      { off_s: null, count: 1 },
      'a stamp is no time; stamps are predicted until they come back or stay off',
    ],
    [
      'stamp-outlier',
      { off_s: -2.00049, count: 1 },
      'a stamp is off by -2 s; stamps are predicted until they come back or stay off',
    ],
    [
      'clock-reset',
      { how: 'measured', offset_s: 3 },
      "the sender's clock is another one; its measured offset places it",
    ],
    [
      'clock-reset',
      { how: 'arrival', offset_s: 3 },
      "the sender's clock is another one; its arrivals place it",
    ],
    [
      'stamps-ignored',
      { reason: "they don't move" },
      "its stamps say nothing, as they don't move; samples are counted and placed by their arrivals",
    ],
    [
      'backlog-masked',
      { fallen_s: 2 },
      'samples that it kept go on coming faster than it measures; they are masked until nothing is left of them, as when they were measured is not known',
    ],
    [
      'rate-differs',
      { measured_hz: 219.99871, used_hz: 220, declared_hz: 256 },
      'it declares 256 Hz and sends 220 Hz; 220 Hz is used',
    ],
    [
      'rate-differs',
      { measured_hz: 256.0012, used_hz: 256, declared_hz: 0 },
      'it declares no rate and sends 256 Hz; 256 Hz is used',
    ],
    [
      'rate-differs',
      { measured_hz: 25.6, used_hz: null, declared_hz: 256 },
      'it declares 256 Hz and sends 25.6 Hz: too far off, its samples are masked',
    ],
    [
      'rate-differs',
      { measured_hz: 255.9, used_hz: 256, declared_hz: 256 },
      'it sends 256 Hz, as declared, again',
    ],
  ] as const)('says what %s means: %o', (code, details, message) => {
    expect(messageOf(code, details)).toBe(`stream 'Muse' (EEG): ${message}`);
  });
});
