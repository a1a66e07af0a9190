import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import { Random } from '../../../src/core/random.js';
import { defaultConfig } from '../../../src/io/lsl/config.js';
import { StampProcessor } from '../../../src/io/lsl/stamp-processor.js';
import { type ClockMeasurement, TimeCorrection } from '../../../src/io/lsl/time-correction.js';

const OFFSET_S = 1000;
const DRIFT = 50e-6;
const JITTER_S = 0.005;

/** A host whose clock runs ahead and too fast, behind a network with jitter in both directions. */
function remoteHost(clock: VirtualClock, seed: number) {
  const random = new Random(seed);
  const remote = (local: number): number => local * (1 + DRIFT) + OFFSET_S;
  let answer: (text: string) => void = () => {};
  return {
    remote,
    delay: (): number => 0.0002 + JITTER_S * random.uniform(),
    transport: {
      send: (question: string) => {
        const [wave, t0] = question.split('\r\n')[1].split(' ');
        const there = 0.0002 + JITTER_S * random.uniform();
        const back = 0.0002 + JITTER_S * random.uniform();
        clock.after(there, () => {
          const t1 = remote(clock.now());
          clock.after(back, () => answer(` ${wave} ${t0} ${t1} ${t1}`));
        });
      },
      listen: (listener: (text: string) => void) => {
        answer = listener;
      },
      close: () => {},
    },
  };
}

describe('time correction', () => {
  it.each([1, 2, 3, 4, 5])(
    'of a host 1000 s ahead, 50 ppm fast, behind 5 ms of jitter: within 1 ms after 30 s (seed %i)',
    (seed) => {
      const clock = new VirtualClock(5000);
      const host = remoteHost(clock, seed);
      const processor = new StampProcessor(250);
      const raw = { latest: 0 };
      const correction = new TimeCorrection(
        { clock, config: defaultConfig },
        host.transport,
        (measurement) => {
          processor.measured(measurement);
          raw.latest = measurement.offset;
        },
      );
      let worst = 0;
      let worstLiblsl = 0;
      let samples = 0;
      for (let i = 0; i < 250 * 60; i++) {
        const truth = 5000 + i / 250;
        clock.advance(Math.max(0, truth + 0.006 - clock.now()));
        if (!processor.ready) continue;
        // The device's own stamps jitter by what its driver takes.
        const stamp = processor.next(host.remote(truth));
        samples++;
        if (i < 250 * 30) continue;
        worst = Math.max(worst, Math.abs(stamp - truth));
        // What liblsl's clocksync does: the latest measurement alone.
        worstLiblsl = Math.max(worstLiblsl, Math.abs(host.remote(truth) + raw.latest - truth));
      }
      correction.close();
      expect(samples).toBeGreaterThan(250 * 58);
      expect(worst).toBeLessThan(1e-3);
      expect(worst).toBeLessThan(worstLiblsl);
    },
  );

  it('takes the probe with the shortest round trip, and no wave with too few answers', () => {
    const clock = new VirtualClock(10);
    const measurements: ClockMeasurement[] = [];
    let answer: (text: string) => void = () => {};
    let probe = 0;
    const correction = new TimeCorrection(
      { clock, config: defaultConfig },
      {
        send: (question) => {
          const [wave, t0] = question.split('\r\n')[1].split(' ');
          const k = probe++;
          // The first wave loses three of eight; in the second one probe is fast, the others slow on the way there.
          if (k < 8 && k % 3 === 0) return;
          const slow = k === 12 ? 0 : 0.02;
          clock.after(slow + 0.001, () =>
            answer(` ${wave} ${t0} ${clock.now() - 0.0005} ${clock.now() - 0.0005}`),
          );
        },
        listen: (listener) => {
          answer = listener;
        },
        close: () => {},
      },
      (measurement) => measurements.push(measurement),
    );
    clock.advance(1.9);
    expect(measurements).toHaveLength(0);
    clock.advance(2);
    expect(measurements).toHaveLength(1);
    expect(measurements[0].offset).toBeCloseTo(0, 6);
    expect(measurements[0].uncertainty).toBeCloseTo(0.001, 6);
    correction.close();
  });

  it('tells nothing of a wave in which the machine slept, and measures anew within 3 s', () => {
    const clock = new VirtualClock(10);
    const measurements: (ClockMeasurement & { readonly at: number })[] = [];
    const host = remoteHost(clock, 1);
    const correction = new TimeCorrection({ clock, config: defaultConfig }, host.transport, (measurement) =>
      measurements.push({ ...measurement, at: clock.now() }),
    );
    clock.advance(2.2);
    expect(measurements).toHaveLength(1);
    clock.sleep(60);
    clock.advance(1.75);
    expect(measurements).toHaveLength(1);
    clock.advance(1.2);
    expect(measurements).toHaveLength(2);
    correction.close();
  });

  it('passes over answers of another wave, and nonsense', () => {
    const clock = new VirtualClock(10);
    const measurements: ClockMeasurement[] = [];
    let answer: (text: string) => void = () => {};
    const correction = new TimeCorrection(
      { clock, config: defaultConfig },
      {
        send: (question) => {
          const [wave, t0] = question.split('\r\n')[1].split(' ');
          for (const text of [
            `${Number(wave) + 1} ${t0} 1 1`,
            `${wave} x y z`,
            `${wave}`,
            `${wave} 1e308 -1e308 1`,
            `${wave} ${Number(t0) + 50} 1 1`,
          ])
            answer(text);
        },
        listen: (listener) => {
          answer = listener;
        },
        close: () => {},
      },
      (measurement) => measurements.push(measurement),
    );
    clock.advance(10);
    expect(measurements).toHaveLength(0);
    correction.close();
  });
});
