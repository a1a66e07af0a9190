import { expect, it } from 'vitest';
import { VirtualClock } from '../../../../src/core/clock.js';
import { defaultConfig } from '../../../../src/io/lsl/config.js';
import type { Handle, Liblsl } from '../../../../src/io/lsl/native/liblsl.js';
import { nativeConnections } from '../../../../src/io/lsl/native/native-connection.js';
import { createStreamInfo } from '../../../../src/io/lsl/stream-info.js';
import type { ClockMeasurement } from '../../../../src/io/lsl/time-correction.js';

/** A liblsl of which nothing comes, and which tells of each clock what it is asked to. */
function silentLiblsl(correction: () => Promise<{ offset: number; error: number }>): Liblsl {
  const handle = {} as Handle;
  const never = (): never => {
    throw new Error('not asked');
  };
  return {
    ...{ path: '', protocolVersion: 110, clock: () => 0 },
    resolve: async () => handle,
    createInlet: () => handle,
    fullInfo: async () => ({ xml: '', error: 0 }),
    openStream: async () => 0,
    timeCorrection: correction,
    pull: never,
    pullNow: never,
    pullTextNow: () => [],
    destroyInlet: async () => {},
    destroyInfo: () => {},
    createOutlet: never,
    pushFloats: never,
  };
}

it('what liblsl measured before the machine slept is not taken for 5 s after it, nor what it was measuring then', async () => {
  const clock = new VirtualClock(1000);
  const measured: (ClockMeasurement & { readonly at: number })[] = [];
  let answer: () => void = () => {};
  let isSlow = false;
  let offset = 3;
  const liblsl = silentLiblsl(async () => {
    const told = offset;
    if (isSlow)
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
    return { offset: told, error: 0 };
  });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const context = { clock, config: defaultConfig, events: () => {} };
  const info = createStreamInfo(
    { name: 'cues', type: 'Markers', channelFormat: 'string' },
    { createdAt: 0, sessionId: 'default' },
  );
  const connection = await nativeConnections(liblsl)(context, info, {
    ...{ timeout_s: 1, maxBuffered_s: 1, maxChunkLength: 0, samples: () => {}, ended: () => {} },
    measured: (measurement) => measured.push({ ...measurement, at: clock.now() }),
  });
  const pass = async (span_s: number): Promise<void> => {
    for (let k = 0; k < span_s; k++) {
      clock.advance(1);
      await settled();
    }
  };
  await pass(10);
  expect(measured.length).toBeGreaterThan(2);
  expect(measured.at(-1)).toMatchObject({ offset: 3 });
  // It asks, the machine sleeps, and then the answer comes.
  isSlow = true;
  await pass(defaultConfig.timeUpdateInterval_s);
  isSlow = false;
  const before = measured.length;
  clock.sleep(60);
  const woke = clock.now();
  answer();
  await settled();
  await pass(4);
  expect(measured.slice(before)).toEqual([]);
  offset = 63;
  await pass(10);
  const [first] = measured.slice(before);
  expect(first).toMatchObject({ offset: 63, time: first.at - 63 });
  expect(first.at - woke).toBeGreaterThanOrEqual(5);
  expect(first.at - woke).toBeLessThanOrEqual(5 + 2 * defaultConfig.timeUpdateInterval_s);
  await connection.close();
});
