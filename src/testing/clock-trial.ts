import type { Seconds } from '../core/clock.js';
import { SessionTime } from '../signal/timebase/session-time.js';
import { type ClockEvent, type ClockOutput, StreamClock } from '../signal/timebase/stream-clock.js';
import { type SimulatedDevice, type SimulatedSample, simulatedArrivals } from './simulated-arrivals.js';

/** How a device's samples are given to a clock. */
export interface ClockTrialOptions {
  readonly seed: number;
  /**
   * `ours`: the device stamps by our clock, which is the session's (a program on this machine). `own`: by its own, which only
   * arrivals tell; pings take {@link ROUND_TRIP_S}.
   */
  readonly clock: 'ours' | 'own';
  /** Give each sample as a message of its own, at the same arrival. */
  readonly split?: boolean;
  /** After each message: what the state is to go through, into new objects; null to go on as before. */
  readonly stored?: (message: number) => (<T>(state: T) => T) | null;
}

/** One sample, what is known of it, and what the clock said. */
export interface TriedSample {
  readonly sample: SimulatedSample;
  readonly time: Seconds;
  readonly isGap: boolean;
  readonly isPredicted: boolean;
  readonly isMasked: boolean;
  readonly rate_hz: number;
  /** When the clock gave it, s. */
  readonly given_s: Seconds;
}

export interface ClockTrial {
  readonly device: SimulatedDevice;
  readonly samples: readonly TriedSample[];
  readonly events: readonly ClockEvent[];
  /** When the stream went stale, to a tick. */
  readonly staleOnsets: readonly Seconds[];
  /** Whether it was stale, and its limit, at ticks of {@link TICK_S}, from 0 on. */
  readonly stale: readonly boolean[];
}

/** How often the clock is asked whether its stream is stale, s. */
export const TICK_S: Seconds = 0.1;
const ROUND_TRIP_S: Seconds = 0.05;
const PINGS_EVERY_S: Seconds = 5;

/** Runs one simulated device through a stream's clock, in virtual time. */
export function clockTrial(device: SimulatedDevice, options: ClockTrialOptions): ClockTrial {
  const { seed, clock: whose, split = false, stored } = options;
  const arrivals = simulatedArrivals(whose === 'ours' ? { skew_s: 0, ...device } : device, seed);
  let { session, clock } = begun(device, whose);
  const samples: TriedSample[] = [];
  const events: ClockEvent[] = [];
  const staleOnsets: Seconds[] = [];
  const stale: boolean[] = [];
  const collect = (outputs: readonly ClockOutput<readonly SimulatedSample[]>[], now: Seconds): void => {
    for (const output of outputs) {
      if (output.kind === 'event') {
        events.push(output);
        continue;
      }
      const { content, from, to, times, gaps, predicted, isMasked, rate_hz } = output;
      for (let i = from; i < to; i++)
        samples.push({
          sample: content[i],
          time: times[i - from],
          isGap: gaps.includes(i - from),
          isPredicted: predicted.includes(i - from),
          isMasked,
          rate_hz,
          given_s: now,
        });
    }
  };
  let next = 0;
  let number = 0;
  const give = (message: readonly SimulatedSample[]): void => {
    const stamps = message.map(({ stamp }) => stamp);
    const [{ arrival }] = message;
    collect(clock.take({ stamps, arrival, content: message }), arrival);
    const through = stored?.(number++);
    if (!through) return;
    const state = { session: through(session.snapshot()), clock: through(clock.snapshot()) };
    ({ session, clock } = begun(device, whose));
    session.restore(state.session);
    clock.restore(state.clock);
  };
  const ticks = Math.ceil((device.duration_s + 1) / TICK_S);
  for (let tick = 0; tick <= ticks; tick++) {
    const now = tick * TICK_S;
    while (next < arrivals.length && arrivals[next].arrival <= now) {
      const { message } = arrivals[next];
      let end = next + 1;
      while (!split && end < arrivals.length && arrivals[end].message === message) end++;
      give(arrivals.slice(next, end));
      next = end;
    }
    if (whose === 'own' && tick % Math.round(PINGS_EVERY_S / TICK_S) === 0)
      clock.roundTrip(now, ROUND_TRIP_S);
    collect(clock.advance(now), now);
    const isStale = clock.isStale(now);
    if (isStale && !stale.at(-1)) staleOnsets.push(now);
    stale.push(isStale);
  }
  collect(clock.close(), device.duration_s + 1);
  return { device, samples, events, staleOnsets, stale };
}

function begun(device: SimulatedDevice, whose: 'ours' | 'own') {
  const session = new SessionTime();
  session.begin('ours', 0);
  session.measure(0);
  const clock = new StreamClock<readonly SimulatedSample[]>({
    session,
    sfreq: device.declared ?? device.sfreq,
    clock: whose,
  });
  return { session, clock };
}
