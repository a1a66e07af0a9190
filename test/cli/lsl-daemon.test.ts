import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { connectStream } from '../../src/io/client/index.js';
import { loadConfig } from '../../src/io/lsl/config.js';
import { channelsElement } from '../../src/io/lsl/declaration.js';
import { Inlet } from '../../src/io/lsl/inlet.js';
import { Outlet } from '../../src/io/lsl/outlet.js';
import { Resolver, resolveStreams } from '../../src/io/lsl/resolver.js';
import type { Prediction, SysMessage } from '../../src/io/protocol/output.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { ownSettings } from '../io/lsl/own-settings.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { runAffectd } from './run-affectd.js';
import { runningClock } from './running-clock.js';

const root = join(import.meta.dirname, '..', '..');
const defaultPipeline = readFileSync(join(root, 'pipelines', 'default.yaml'), 'utf8');
const folder = temporaryFolder();
await ownSettings();
const { clock, stop: stopClock } = runningClock();
const { cleanups } = cleanUpAfterEach();
const network = () => ({ clock, config: loadConfig(), events: () => {} });

afterAll(() => stopClock());

type Live = Prediction & { readonly time_unix: number };

/** Things that come one by one, and promises of those that fit. */
function gathered<T>() {
  const all: T[] = [];
  const waiting = new Set<() => void>();
  return {
    all,
    take: (one: T): void => {
      all.push(one);
      for (const look of [...waiting]) look();
    },
    until: (fits: (one: T) => boolean): Promise<T> =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = all.find(fits);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

/** A daemon, and what it publishes. */
async function daemon(...args: string[]) {
  const abort = new AbortController();
  const printed = gathered<string>();
  const result = runAffectd(['run', ...args, '--port', '0', '--log-level', 'silent'], {
    clock,
    signal: abort.signal,
    onOutput: printed.take,
  });
  const stop = () => {
    abort.abort('SIGTERM');
    return result;
  };
  cleanups.push(stop);
  const address = /http:\/\/127\.0\.0\.1:\d+\//;
  const started = printed.until((text) => address.test(text));
  const text = await Promise.race([started, result.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
  const predictions = gathered<Live>();
  const events = gathered<Omit<SysMessage['event'], 'time'> & { readonly time: number | null }>();
  const client = connectStream(address.exec(text)![0], { WebSocket });
  cleanups.push(() => client.close());
  client.on('affect', (message) => predictions.take(message as unknown as Live));
  client.on('sys', (message) => {
    const { event, session, time } = message as unknown as SysMessage;
    events.take({ ...event, session, time });
  });
  await client.subscribe({ streams: ['affect', 'sys'], session: '*', policy: 'buffer' });
  return { predictions, events, stop };
}

const sensors = {
  EEG: {
    rate: 256,
    channels: ['TP9', 'AF7', 'AF8', 'TP10'].map((label) => ({ label, unit: 'uV', type: 'EEG' })),
  },
  PPG: { rate: 64, channels: [{ label: 'PPG', unit: '', type: 'PPG' }] },
} as const;

/** A device that sends in time with the clock, 20 ms at once, from its first receiver on. */
async function device(type: keyof typeof sensors, sourceId: string, value: (i: number, c: number) => number) {
  const { rate, channels } = sensors[type];
  const consumers: { readonly at: number; readonly count: number }[] = [];
  const outlet = await Outlet.create(
    network(),
    {
      name: `${type} ${sourceId}`,
      type,
      sourceId,
      channelCount: channels.length,
      nominalRate_hz: rate,
      description: [channelsElement(channels)],
    },
    { consumersChanged: (count) => consumers.push({ at: clock.now(), count }) },
  );
  const stamps: number[] = [];
  let start: number | null = null;
  const pushing = clock.every(0.02, () => {
    if (outlet.consumers === 0) return;
    start ??= clock.now();
    const due = Math.floor((clock.now() - start) * rate) - stamps.length;
    if (due <= 0) return;
    const values = new Float32Array(due * channels.length);
    const times = new Float64Array(due);
    for (let k = 0; k < due; k++) {
      times[k] = start + stamps.length / rate;
      for (let c = 0; c < channels.length; c++) values[k * channels.length + c] = value(stamps.length, c);
      stamps.push(times[k]);
    }
    outlet.push(values, times);
  });
  const kill = async () => {
    pushing.cancel();
    await outlet.close();
  };
  cleanups.push(kill);
  return { outlet, stamps, consumers, kill };
}

const brain = (i: number, c: number) => 20 * Math.sin(i * (0.11 + 0.07 * c)) + 5 * Math.sin(i * 0.61);
const pulse = (i: number) => Math.exp(-8 * ((i / 64) % 0.8));
/** Tells which sample it is, and looks like no fault. */
const counted = (i: number) => (i % 4096) / 64;

/** LSL's time of a prediction. */
const stampOf = ({ time_unix }: Live) => time_unix - (clock.unix() - clock.now());

describe('a daemon on the LSL network', () => {
  it('takes up a restarted outlet: data within 1.5 s, a gap and events; its modality is masked meanwhile', async () => {
    const { predictions, events } = await daemon('--lsl');
    await device('PPG', 'finger', pulse);
    const first = await device('EEG', 'cap', brain);
    const whole = await predictions.until(({ modalities: { eeg, heart } }) => eeg.present && heart.present);
    await predictions.until(({ time }) => time > whole.time + 2);
    const killedAt = clock.now();
    await first.kill();
    const last = first.stamps.at(-1)!;
    await events.until(({ code }) => code === 'stream-lost');
    await events.until(({ code }) => code === 'stream-stale');
    await predictions.until((prediction) => stampOf(prediction) > last + 3);
    const restartedAt = clock.now();
    const second = await device('EEG', 'cap', brain);
    await events.until(({ code }) => code === 'stream-recovered');
    const gap = await events.until(({ code, stream }) => code === 'gap-found' && stream === 'EEG cap');
    await events.until(({ code }) => code === 'stream-returned');
    const returned = await predictions.until(
      (prediction) => stampOf(prediction) > restartedAt && prediction.modalities.eeg.present,
    );

    const [{ time, ...anyPrediction }] = predictions.all;
    const zero = stampOf({ time, ...anyPrediction }) - time;
    const back = second.stamps[0];
    expect(back - restartedAt).toBeLessThan(1.5);
    expect(gap.time! + zero).toBeCloseTo(back, 1);
    // CLI.md: stale after max(0.5 s, 3/sfreq) without a sample, masked from the next window on.
    const before = predictions.all.filter((one) => stampOf(one) > killedAt - 1 && stampOf(one) <= last + 0.5);
    const stale = predictions.all.filter((one) => stampOf(one) > last + 0.51 && stampOf(one) <= back);
    expect(before.length).toBeGreaterThanOrEqual(2);
    expect(before.every(({ modalities: { eeg } }) => eeg.present)).toBe(true);
    expect(stale.length).toBeGreaterThanOrEqual(5);
    for (const { modalities } of stale) {
      expect(modalities.eeg).toMatchObject({ present: false, reason: 'stale' });
      expect(modalities.heart.present).toBe(true);
    }
    expect(stampOf(returned) - back).toBeLessThan(6);
    process.stdout.write(
      `restart to first sample: ${(back - restartedAt).toFixed(3)} s; masked from ${(stampOf(stale[0]) - last).toFixed(2)} s after the last sample; back ${(stampOf(returned) - back).toFixed(2)} s after the return\n`,
    );
  });

  it('a changed pipeline file starts and stops LSL sources and sinks; the others lose no sample', async () => {
    const file = join(folder, 'lab.yaml');
    const recordings = join(folder, 'reloaded');
    mkdirSync(recordings);
    const one = defaultPipeline.replace(
      'eeg: { type: websocket, stream_type: EEG, optional: true }',
      'eeg: { type: lsl, stream_type: EEG, query: "source_id=\'cap\'", optional: true }',
    );
    const both = one
      .replace(
        'ppg: { type: websocket, stream_type: PPG, optional: true }',
        'ppg: { type: lsl, stream_type: PPG, source_id: belt, session: { by: source_id }, optional: true }',
      )
      .concat('  lab: { type: lsl, input: affect }\n');
    expect(both.length).toBeGreaterThan(one.length + 40);
    writeFileSync(file, one);
    const { predictions, events, stop } = await daemon(file, '--record', recordings);
    const cap = await device('EEG', 'cap', counted);
    const belt = await device('PPG', 'belt', pulse);
    await predictions.until(({ time }) => time >= 5);
    expect(belt.outlet.consumers).toBe(0);

    writeFileSync(file, both);
    await events.until(({ code }) => code === 'pipeline-reloaded');
    const appeared = await resolveStreams(network(), {
      query: "type='Affect' and desc/session='default'",
      minimum: 1,
      timeout_s: 1e6,
    });
    expect(appeared[0].name).toBe('lab');
    await events.until(({ code, session }) => code === 'session-opened' && session === 'belt');
    expect(belt.outlet.consumers).toBe(1);

    const gone = new Promise<void>((resolve) => {
      const resolver = new Resolver(network(), {
        query: `uid='${appeared[0].uid}'`,
        forgetAfter_s: 1,
        appeared: () => {
          events.all.length = 0;
          writeFileSync(file, one);
        },
        vanished: () => resolve(),
      });
      cleanups.push(() => resolver.close());
    });
    await gone;
    await events.until(({ code, session }) => code === 'session-closed' && session === 'belt');
    expect(belt.outlet.consumers).toBe(0);
    const { time: end } = predictions.all.at(-1)!;
    await predictions.until(({ time, session }) => session === 'default' && time > end + 1);
    await stop();

    expect(cap.consumers.map(({ count }) => count).slice(0, 1)).toEqual([1]);
    expect(cap.consumers.filter(({ count }) => count === 1)).toHaveLength(1);
    const own = predictions.all.filter(({ session }) => session === 'default');
    expect(own.map(({ seq, time }) => [seq, time])).toEqual(own.map((_, k) => [k, 4 + 0.5 * k]));
    const values = await recorded(recordings, /^default_/, 'EEG');
    expect(values.length).toBeGreaterThan(256 * 6);
    expect(values).toEqual(values.map((_, i) => counted(i)));
  });

  it('offers predictions stamped with their window’s end, on the clock of the signals', async () => {
    const file = join(folder, 'sink.yaml');
    writeFileSync(file, `${defaultPipeline}  lab: { type: lsl, input: affect }\n`);
    const { predictions } = await daemon(file, '--lsl');
    const samples = gathered<number>();
    const resolver = new Resolver(network(), {
      query: "type='Affect'",
      appeared: (info) => {
        const inlet = new Inlet(network(), info, {
          samples: ({ times }) => {
            for (const time of times) samples.take(time);
          },
        });
        cleanups.push(() => inlet.close());
        void inlet.open();
      },
    });
    cleanups.push(() => resolver.close());
    const cap = await device('EEG', 'stamped', brain);
    await samples.until(() => samples.all.length >= 4);
    const zero = cap.stamps[0];
    const known = predictions.all.map(({ time }) => time);
    for (const stamp of samples.all) {
      // The clock is measured to a few milliseconds here; a wait for late samples would be 100 ms.
      const nearest = Math.min(...known.map((time) => Math.abs(zero + time - stamp)));
      expect(nearest).toBeLessThan(0.01);
    }
  });

  it('makes two people’s devices two sessions, no sample crossed, through a restart', async () => {
    const file = join(folder, 'people.yaml');
    const recordings = join(folder, 'people');
    mkdirSync(recordings);
    const people = "{ type: lsl, session: { by: pattern, pattern: '^(p[12])' }, optional: true, stream_type:";
    writeFileSync(
      file,
      defaultPipeline
        .replace('eeg: { type: websocket, stream_type: EEG, optional: true }', `eeg: ${people} EEG }`)
        .replace('ppg: { type: websocket, stream_type: PPG, optional: true }', `ppg: ${people} PPG }`),
    );
    const { predictions, events, stop } = await daemon(file, '--record', recordings);
    // The hundreds tell the person.
    const of = (person: number, signal: typeof brain) => (i: number, c: number) =>
      100 * person + signal(i, c);
    const devices = [];
    for (const person of [1, 2]) {
      devices.push(await device('EEG', `p${person}-cap`, of(person, brain)));
      await device('PPG', `p${person}-finger`, of(person, pulse));
    }
    for (const session of ['p1', 'p2'])
      await predictions.until(
        (one) => one.session === session && one.time >= 5 && one.modalities.eeg.present,
      );
    await devices[0].kill();
    await events.until(({ code }) => code === 'stream-lost');
    await device('EEG', 'p1-cap', of(1, brain));
    await events.until(({ code, session }) => code === 'gap-found' && session === 'p1');
    await stop();
    expect(new Set(predictions.all.map(({ session }) => session))).toEqual(new Set(['p1', 'p2']));
    for (const person of [1, 2])
      for (const type of ['EEG', 'PPG']) {
        const values = await recorded(recordings, new RegExp(`^p${person}_`), type);
        expect(values.length).toBeGreaterThan(200);
        expect(values.every((value) => Math.abs(value - 100 * person) < 30)).toBe(true);
      }
  });
});

/** Every value of the first channel of the stream of that type in the recording of that name. */
async function recorded(recordings: string, name: RegExp, type: string): Promise<number[]> {
  const files = readdirSync(recordings).filter((file) => name.test(file));
  expect(files).toHaveLength(1);
  const recording = await openRecording(join(recordings, files[0]));
  const values: number[] = [];
  for await (const message of recording.messages({ chunk: null, clockSync: false, events: () => {} }))
    if (message.kind === 'chunk' && message.chunk.info.type === type)
      values.push(...message.chunk.data.subarray(0, message.chunk.times.length));
  await recording.close();
  return values;
}
