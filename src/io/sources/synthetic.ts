import { Observable } from 'rxjs';
import { z } from 'zod';
import type { Timer } from '../../core/clock.js';
import { TIME_TOLERANCE_S } from '../../core/signal.js';
import { profileNames, sensorNames } from '../../simulation/profile.js';
import { type Arrival, type SimulationOptions, simulateArrivals } from '../../simulation/session.js';
import { type SessionMessage, sourceDefinition } from './source.js';

/** Chunks of 50 ms, as headsets send. */
const CHUNKS_PER_SECOND = 20;

/** A simulated person, live: samples arrive when the clock says that they were measured. */
export const syntheticSource = sourceDefinition({
  type: 'synthetic',
  summary: 'A simulated person wearing sensors, with known valence and arousal; no device needed.',
  params: z.strictObject({
    profile: z.enum(profileNames).default('epoc').describe('Which headset is worn.'),
    seed: z.number().int().default(1).describe('Same seed, same person and samples.'),
    only: z.array(z.enum(sensorNames)).min(1).optional().describe('Sensors worn; default all.'),
    faults: z
      .string()
      .optional()
      .describe('Faults to inject, as in drop:gaze@30-60,flat:EEG.F3@20- (docs/reference/faults.md).'),
    speed: z.number().positive().default(1).describe('Times real time.'),
    duration_s: z.number().positive().optional().describe('Seconds until it ends; default never.'),
  }),
  create: ({ speed, duration_s, ...person }, { clock, session, sessions }) => ({
    messages$: new Observable<SessionMessage>((subscriber) => {
      const start = clock.now();
      if (speed === 1) sessions.of(session).time.beginOurs(start);
      const options: SimulationOptions = {
        ...person,
        carrier: 'synthetic',
        duration_s: duration_s ?? Number.POSITIVE_INFINITY,
        start_s: start,
        chunksPerSecond: CHUNKS_PER_SECOND,
      };
      let timer: Timer | null = null;
      const arrivals = simulateArrivals(options)[Symbol.iterator]();
      let next = arrivals.next();
      const due = ({ arrival_s }: Arrival) => start + arrival_s / speed;
      const play = () => {
        while (!subscriber.closed) {
          if (next.done) {
            subscriber.complete();
            return;
          }
          const arrival = next.value;
          const wait_s = due(arrival) - clock.now();
          if (wait_s > TIME_TOLERANCE_S) {
            timer = clock.after(wait_s, play);
            return;
          }
          next = arrivals.next();
          subscriber.next({ session, message: arrival.message });
        }
      };
      play();
      return () => timer?.cancel();
    }),
  }),
});
