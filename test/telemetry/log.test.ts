import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import { createLog, eventLog, type LogOptions } from '../../src/telemetry/log.js';

function logged(options: Partial<LogOptions>, write: (log: ReturnType<typeof createLog>) => void): string {
  const destination = new PassThrough();
  write(createLog({ clock: new VirtualClock(0, 1_760_000_000.5), destination, ...options }));
  return String(destination.read() ?? '');
}

const event = {
  code: 'gap-found',
  level: 'warn',
  message: '2 s are missing',
  session: 's1',
  stream: 'eeg',
  details: { from: 1, to: 3 },
} as const;

describe('log', () => {
  it('is one JSON line an event for machines', () => {
    const text = logged({ format: 'json' }, (log) => eventLog(log)(event));
    expect(text.endsWith('\n')).toBe(true);
    const { message, ...rest } = event;
    expect(JSON.parse(text)).toEqual({ ...rest, msg: message, time: '2025-10-09T08:53:20.500Z' });
  });

  it('is one readable line an event for people', () => {
    const text = logged({ format: 'line' }, (log) => eventLog(log)(event));
    expect(text).toBe('08:53:20.500 warn  gap-found [s1/eeg] 2 s are missing from=1 to=3\n');
    expect(logged({ format: 'line' }, (log) => log.info('two\nlines'))).toBe(
      '08:53:20.500 info  two lines\n',
    );
  });

  it('says when an event was told, and when it was in its session', () => {
    const timed = { ...event, time: 12.5 };
    const text = logged({ format: 'json' }, (log) => eventLog(log)(timed));
    expect(text.match(/"time":/g)).toHaveLength(1);
    expect(JSON.parse(text)).toMatchObject({ time: '2025-10-09T08:53:20.500Z', session_time_s: 12.5 });
    expect(logged({ format: 'line' }, (log) => eventLog(log)(timed))).toBe(
      '08:53:20.500 warn  gap-found [s1/eeg] 2 s are missing from=1 to=3 session_time_s=12.5\n',
    );
  });

  it('leaves out what is below its level', () => {
    expect(logged({ level: 'error' }, (log) => eventLog(log)(event))).toBe('');
  });
});
