import { afterAll, expect, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.js';
import { Random } from '../../../src/core/random.js';
import { openConnection } from '../../../src/io/lsl/connection.js';
import { Outlet } from '../../../src/io/lsl/outlet.js';
import { StampProcessor } from '../../../src/io/lsl/stamp-processor.js';
import type { ClockMeasurement } from '../../../src/io/lsl/time-correction.js';
import { LiblslOracle, liblsl, testNetwork } from './liblsl-oracle.js';
import { ownPorts } from './own-ports.js';
import { relayOutlet } from './relayed-outlet.js';

/** How long both measure, s; `LSL_CLOCK=30` for the figures of docs/reference/lsl.md. */
const SECONDS = Number(process.env.LSL_CLOCK ?? 7);
const OFFSET_S = 1000;
const DRIFT = 50e-6;
const JITTER_S = 0.005;

const PORT = await ownPorts();
const RELAY_PORT = PORT + 100;
const { context } = testNetwork(PORT);
const cleanups: (() => unknown)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

const { clock } = context;
const origin_s = clock.now();
const remoteOf = (local_s: number): number => local_s + (local_s - origin_s) * DRIFT + OFFSET_S;
/** Of a host that was started earlier, and whose clock is fast. */
const remoteClock: Clock = {
  now: () => remoteOf(clock.now()),
  unix: () => clock.unix(),
  uptime: () => clock.uptime(),
  after: (delay_s, action) => clock.after(delay_s, action),
  every: (period_s, action) => clock.every(period_s, action),
};

it.skipIf(!liblsl)(
  'a host 1000 s ahead, 50 ppm fast, behind 5 ms of jitter: beside the real liblsl',
  async () => {
    const outlet = await Outlet.create(
      { ...context, clock: remoteClock },
      {
        name: 'remote',
        type: 'EEG',
        nominalRate_hz: 100,
        sourceId: 'remote',
      },
    );
    cleanups.push(() => outlet.close());
    const random = new Random(7);
    const relayed = await relayOutlet(outlet.info, {
      discoveryPort: RELAY_PORT + 20,
      delay_s: () => 0.0002 + JITTER_S * random.uniform(),
      // Timers of the system are too coarse for tenths of a millisecond.
      after: (delay_s, action) => {
        const due_s = clock.now() + delay_s;
        const wait = (): void => {
          if (clock.now() >= due_s) action();
          else setImmediate(wait);
        };
        wait();
      },
    });
    cleanups.push(() => relayed.close());

    const oracle = new LiblslOracle(RELAY_PORT);
    cleanups.push(() => oracle.kill());
    const opened = await oracle.openInlet("source_id='remote'");
    const processor = new StampProcessor(100);
    const measurements: (ClockMeasurement & { readonly at: number })[] = [];
    const connection = await openConnection(context, relayed.info, {
      maxBuffered_s: 1,
      maxChunkLength: 0,
      timeout_s: 10,
      samples: () => {},
      ended: () => {},
      measured: (measurement) => {
        measurements.push({ ...measurement, at: clock.now() });
        processor.measured(measurement);
      },
    });
    cleanups.push(() => connection.close());

    const first = await oracle.timeCorrection(opened!.id);
    expect(first.error).toBe(0);
    const errors: { readonly ours: number; readonly theirs: number }[] = [];
    await new Promise<void>((resolve) => {
      const begin_s = clock.now();
      const looking = clock.every(0.25, () => {
        void oracle.timeCorrection(opened!.id).then(({ offset }) => {
          const now_s = clock.now();
          const stamp = remoteOf(now_s);
          if (processor.ready)
            errors.push({ ours: processor.corrected(stamp) - now_s, theirs: stamp + offset - now_s });
          if (now_s - begin_s < SECONDS) return;
          looking.cancel();
          resolve();
        });
      });
    });

    // NTP's bound: a measurement is off by half its round trip at most, whatever the machine was busy with.
    expect(measurements.length).toBeGreaterThanOrEqual(Math.floor(SECONDS / 2) - 1);
    for (const { time, offset, uncertainty } of measurements) {
      const local_s = origin_s + (time - origin_s - OFFSET_S) / (1 + DRIFT);
      expect(Math.abs(local_s - time - offset)).toBeLessThanOrEqual(uncertainty / 2 + 1e-6);
    }
    const settled = errors.slice(-Math.ceil(errors.length / 4));
    const worst = (of: 'ours' | 'theirs') => 1000 * Math.max(...settled.map((one) => Math.abs(one[of])));
    const typical = (of: 'ours' | 'theirs') =>
      1000 * Math.sqrt(settled.reduce((sum, one) => sum + one[of] * one[of], 0) / settled.length);
    process.stdout.write(
      `after ${SECONDS} s, residual in ms (rms, worst): TypeScript ${typical('ours').toFixed(3)}, ${worst('ours').toFixed(3)}; liblsl ${typical('theirs').toFixed(3)}, ${worst('theirs').toFixed(3)}\n`,
    );
    // Of 8 probes with up to 5 ms each way the best round trip stays below 10 ms.
    expect(worst('ours')).toBeLessThan(5);
    expect(Math.abs(first.offset + OFFSET_S)).toBeLessThan(0.1);
  },
);
