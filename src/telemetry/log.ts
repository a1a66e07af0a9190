import { type DestinationStream, type Logger, pino } from 'pino';
import type { Clock } from '../core/clock.js';
import type { EventSink, SessionEvent } from '../core/event.js';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];
export type Log = Logger;

export interface LogOptions {
  readonly clock: Clock;
  readonly level?: LogLevel;
  /** `line` for people, `json` for machines. Default: `line` on a terminal. */
  readonly format?: 'line' | 'json';
  /** Default: stderr, as stdout is for data. */
  readonly destination?: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** A log of one line an event. */
export function createLog(options: LogOptions): Log {
  const destination = options.destination ?? process.stderr;
  const line = (options.format ?? (destination.isTTY ? 'line' : 'json')) === 'line';
  const stream: DestinationStream = {
    write: (record) => void destination.write(line ? readable(record) : record),
  };
  return pino(
    {
      level: options.level ?? 'info',
      base: null,
      timestamp: () => `,"time":"${new Date(options.clock.unix() * 1000).toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
    },
    stream,
  );
}

/** Where components' events become log lines. */
export function eventLog(log: Log): EventSink {
  return (event: SessionEvent) => {
    const { level, message, time, ...rest } = event;
    // A line's own time is when it was told.
    log[level]({ ...rest, ...(time !== undefined && { session_time_s: time }) }, message);
  };
}

function readable(record: string): string {
  const { time, level, msg, code, session, stream, details, ...rest } = JSON.parse(record) as Record<
    string,
    unknown
  >;
  const where = [session, stream].filter((part) => part !== undefined).join('/');
  const more = { ...(typeof details === 'object' ? details : {}), ...rest };
  const tail = Object.entries(more).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  const clock = String(time).slice(11, 23);
  const parts = [
    clock,
    String(level).padEnd(5),
    ...(code ? [`${code}`] : []),
    ...(where ? [`[${where}]`] : []),
    msg ?? '',
  ];
  return `${parts.join(' ').replaceAll('\n', ' ')}${tail.join('')}\n`;
}
