import type { SessionEvent } from '../../core/event.js';
import type { StreamInfo } from '../../core/signal.js';
import type { ClockEvent } from './stream-clock.js';

/** What a stream's clock found out, as every door tells it; `time` is the session stamp of the sample that showed it. */
export function clockEvent(
  { code, time, details }: ClockEvent,
  { id, name, type }: Pick<StreamInfo, 'id' | 'name' | 'type'>,
): SessionEvent {
  const { count } = details;
  return {
    code,
    level: 'warn',
    message: `stream '${name}' (${type}): ${found[code](details)}`,
    stream: id,
    time,
    ...(typeof count === 'number' && count > 1 && { count }),
    details,
  };
}

const found: Readonly<Record<ClockEvent['code'], (details: ClockEvent['details']) => string>> = {
  'stamp-outlier': ({ off_s, count }) => {
    const others = typeof count === 'number' && count > 1 ? `, the last of ${count} since this was told` : '';
    const off = typeof off_s === 'number' ? `is off by ${secondsOf(off_s)}` : 'is no time';
    return `a stamp ${off}${others}; stamps are predicted until they come back or stay off`;
  },
  'clock-reset': ({ how }) =>
    `the sender's clock is another one; ${how === 'measured' ? 'its measured offset places it' : 'its arrivals place it'}`,
  'stamps-ignored': ({ reason }) =>
    `its stamps say nothing, as ${reason}; samples are counted and placed by their arrivals`,
  'backlog-masked': () =>
    'samples that it kept go on coming faster than it measures; they are masked until nothing is left of them, as when they were measured is not known',
  'rate-differs': ({ measured_hz, used_hz, declared_hz }) => {
    const declared = declared_hz === 0 ? 'no rate' : `${Number(declared_hz)} Hz`;
    const told = `it declares ${declared} and sends ${Number(Number(measured_hz).toPrecision(5))} Hz`;
    if (used_hz === null) return `${told}: too far off, its samples are masked`;
    return used_hz === declared_hz
      ? `it sends ${used_hz} Hz, as declared, again`
      : `${told}; ${used_hz} Hz is used`;
  },
};

function secondsOf(time: number): string {
  return `${time > 0 ? '+' : ''}${Number(time.toFixed(3))} s`;
}
