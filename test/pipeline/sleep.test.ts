import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Seconds } from '../../src/core/clock.js';
import type { StampOrigin } from '../../src/io/sources/door/door-stream.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { isPresent, LiveSession, ON_SESSION, START_S } from './live-session.js';

/** The machine sleeps in a live session, from its doors to the features, and the same from the recording. */
const text = `
sources:
  eeg: { type: websocket, stream_type: EEG }
  gaze: { type: websocket, stream_type: Gaze, optional: true }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 2, hop_s: 0.5 }
  eye: { type: extract, input: gaze, features: [gaze-statistics], window_s: 2, hop_s: 0.5 }
`;
const folder = temporaryFolder();
let sessions = 0;

const STEP_S: Seconds = 0.125;
const SLEEPS_AT: Seconds = 20;
const ENDS_AT: Seconds = 40;
const lsl = (host: string): StampOrigin => ({ kind: 'lsl', clock: `lsl of ${host}`, isProbed: true });

interface Sensor {
  readonly type: 'EEG' | 'Gaze';
  readonly origin: StampOrigin;
  /** Whether its clock stands still while the machine sleeps. */
  readonly sleeps?: boolean;
  /** How long after the machine woke it sends again, s; Infinity: never. */
  readonly back_s: Seconds;
  /** Whether its clock is measured after the machine woke. */
  readonly isProbed?: boolean;
}

/** Awake times are s since the start; session times after the sleep are those and `sleep_s`. */
async function run(sensors: readonly Sensor[], sleep_s: Seconds): Promise<LiveSession> {
  const session = new LiveSession(text, join(folder, String(sessions++)));
  const { clock } = session;
  const devices = sensors.map(({ type, origin }) =>
    session.device({ name: type, type, sfreq: type === 'EEG' ? 128 : 64, origin }),
  );
  const skew_s = (sensor: Sensor, t: Seconds): Seconds =>
    100 + (t > SLEEPS_AT && !sensor.sleeps ? sleep_s : 0);
  for (let k = 1; k <= ENDS_AT / STEP_S; k++) {
    const t = k * STEP_S;
    const isAwake = t > SLEEPS_AT;
    clock.advance(START_S + t - clock.now());
    for (const [i, sensor] of sensors.entries()) {
      const { origin, back_s, type, isProbed = true } = sensor;
      const skew = skew_s(sensor, t);
      if (origin.isProbed && (isAwake ? isProbed && k % 16 === 12 : k % 16 === 1))
        devices[i].door.measure({ time: START_S + t + skew, offset: -skew, uncertainty: 5e-4 });
      if (isAwake && t - SLEEPS_AT < back_s) continue;
      const n = type === 'EEG' ? 16 : 8;
      devices[i].send(Array.from({ length: n }, (_, j) => START_S + t + skew - STEP_S + (j * STEP_S) / n));
    }
    if (t === SLEEPS_AT) clock.sleep(sleep_s);
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  return session;
}

/** Rows of a node whose window ends in the given span. */
const between = (session: LiveSession, node: string, from: Seconds, to: Seconds) =>
  session.rows(node).filter(({ time }) => time! > from && time! <= to);

const nodeOf = { EEG: 'de', Gaze: 'eye' } as const;
const going = [
  ['WebSocket', ON_SESSION],
  ['WebSocket, its own clock', { kind: 'device', clock: 'device of the cap' }],
  ['LSL', lsl('elsewhere')],
] as const;

/** What holds after every sleep: one row a hop up to now, none of them twice, and the same from the recording. */
async function check(session: LiveSession, sensors: readonly Sensor[], sleep_s: Seconds): Promise<void> {
  expect(session.codes().filter((code) => code === 'daemon-behind')).toHaveLength(1);
  expect(session.codes()).not.toContain('stamp-outlier');
  // Windows that nobody lived through are left out from a minute on, and that is told.
  const skips = session.events.filter(({ code }) => code === 'time-skipped');
  expect(skips.map(({ details }) => Math.round(details?.skipped_s as number))).toEqual(
    sleep_s > 60 ? [sleep_s] : [],
  );
  const back = SLEEPS_AT + sleep_s + Math.max(...sensors.map(({ back_s }) => back_s));
  // A window that the first samples after a silence reach into has closed.
  for (const { code, time } of session.events)
    if (code === 'samples-late') expect(time).toBeLessThan(back + 0.5);
  const replayed = await session.end();
  for (const { type, back_s } of sensors) {
    const node = nodeOf[type];
    const rows = session.rows(node);
    expect(replayed.rows(node)).toEqual(rows);
    const hops = rows.map(({ time }) => time!);
    // What nobody lived through has no windows, where that is more than a minute.
    const lived = Array.from({ length: 2 * (ENDS_AT + sleep_s) }, (_, k) => k / 2).filter(
      (time) => time >= 2 && (sleep_s < 60 || time <= SLEEPS_AT || time >= SLEEPS_AT + sleep_s + 0.5),
    );
    expect(lived.filter((time) => time < hops.at(-1)! && !hops.includes(time))).toEqual([]);
    expect(hops.every((time, k) => k === 0 || time > hops[k - 1])).toBe(true);
    expect(hops.at(-1)).toBeGreaterThan(ENDS_AT + sleep_s - 1);
    expect(between(session, node, 3, SLEEPS_AT - 1).every(isPresent)).toBe(true);
    // Windows over the seam and in the sleep are empty; those after it are not.
    expect(between(session, node, SLEEPS_AT + 0.5, Math.min(back, 1e3)).some(isPresent)).toBe(false);
    const after = between(session, node, back + 2.6, 1e3);
    if (back_s < 20) expect(after.length).toBeGreaterThan(15);
    expect(after.every(isPresent)).toBe(true);
  }
}

describe.each([
  [120, 0],
  [120, 4],
  [120, Number.POSITIVE_INFINITY],
  [5, 0],
  [5, 4],
])('the machine sleeps for %d s, and the sensor is back after %d s', (sleep_s, back_s) => {
  describe.each(going)('whose clock went on, over %s', (_, origin) => {
    it.each([1, 2])('%i of them: its stamps go on, behind a gap', async (n) => {
      const sensors: Sensor[] = [
        { type: 'EEG', origin, back_s },
        { type: 'Gaze', origin, back_s },
      ].slice(0, n) as Sensor[];
      const session = await run(sensors, sleep_s);
      expect(session.codes()).not.toContain('clock-reset');
      const gaps = session.events.filter(({ code }) => code === 'gap-found');
      expect(gaps).toHaveLength(back_s < 20 ? n : 0);
      await check(session, sensors, sleep_s);
    });
  });

  describe.each([
    ['probes tell of', true],
    ['no probe tells of', false],
  ])('whose clock stood still, which %s', (_, isProbed) => {
    it.each([1, 2])('%i of them: it is placed anew', async (n) => {
      const sensors = (['EEG', 'Gaze'] as const)
        .slice(0, n)
        .map((type): Sensor => ({ type, origin: lsl('here'), back_s, isProbed, sleeps: true }));
      const session = await run(sensors, sleep_s);
      const resets = session.events.filter(({ code }) => code === 'clock-reset');
      expect(resets.map(({ details }) => (details as { how: string }).how)).toEqual(
        back_s < 20 ? Array(n).fill(isProbed ? 'measured' : 'arrival') : [],
      );
      await check(session, sensors, sleep_s);
    });
  });

  it('one over LSL whose clock stood still beside one over WebSocket whose clock went on', async () => {
    const sensors: Sensor[] = [
      { type: 'EEG', origin: lsl('here'), back_s, sleeps: true },
      { type: 'Gaze', origin: ON_SESSION, back_s },
    ];
    const session = await run(sensors, sleep_s);
    expect(session.codes().filter((code) => code === 'clock-reset')).toHaveLength(back_s < 20 ? 1 : 0);
    await check(session, sensors, sleep_s);
  });

  it('one that pushes by a clock which stood still', async () => {
    const sensors: Sensor[] = [{ type: 'EEG', origin: ON_SESSION, back_s, sleeps: true }];
    const session = await run(sensors, sleep_s);
    expect(session.codes().filter((code) => code === 'clock-reset')).toHaveLength(back_s < 20 ? 1 : 0);
    await check(session, sensors, sleep_s);
  });
});
