import { afterEach, expect, it } from 'vitest';
import type { Prediction } from '../../src/core/prediction.js';
import { channelsOf } from '../../src/lsl/declaration.js';
import { Inlet } from '../../src/lsl/inlet.js';
import { Resolver, resolveStreams } from '../../src/lsl/resolver.js';
import type { LslStreamInfo } from '../../src/lsl/stream-info.js';
import { LslSink } from '../../src/sinks/lsl.js';
import { testNetwork } from '../lsl/liblsl-oracle.js';

const { context } = testNetwork(17_300);
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const prediction = (time: number, changes: Partial<Prediction> = {}): Prediction => ({
  stream: 'affect',
  session: 's1',
  seq: 0,
  time,
  window: [time - 4, time],
  valence: 0.25,
  arousal: -0.5,
  interval: { level: 0.9, valence: [0, 0.5], arousal: [-0.75, -0.25] },
  modalities: {},
  valid: true,
  reason: null,
  evidence: 'simulated',
  model: 'demo@sha256:00',
  pipeline: 'sha256:11',
  ...changes,
});

function sink(zero_unix_s: number): LslSink {
  const { clock, events, config, interfaces } = context;
  const created = new LslSink({
    clock,
    events,
    unixOf: (_, time) => zero_unix_s + time,
    network: { config, ...(interfaces ? { interfaces } : {}) },
  });
  cleanups.push(() => created.close());
  return created;
}

it('offers predictions with their interval, validity and digests, stamped on the machine’s clock', async () => {
  const zero = context.clock.unix() - 4;
  const output = sink(zero);
  output.publish(prediction(4));
  const query = "name='affectd' and type='Affect'";
  const [info] = await resolveStreams(context, { query, minimum: 1, timeout_s: 10 });
  const received: { time: number; values: number[] }[] = [];
  let arrived = (): void => {};
  const all = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const inlet = new Inlet(context, info, {
    samples: ({ times, values }) => {
      for (const [i, time] of times.entries())
        received.push({ time, values: Array.from(values.slice(i * 7, i * 7 + 7), Number) });
      if (received.length >= 2) arrived();
    },
  });
  cleanups.push(() => inlet.close());
  await inlet.open();
  output.publish(prediction(4.5));
  output.publish(prediction(5, { valence: null, arousal: null, interval: null, valid: false }));
  await all;
  expect(received[0].values).toEqual([0.25, -0.5, 0, 0.5, -0.75, -0.25, 1]);
  expect(received[1].values).toEqual([...new Array(6).fill(Number.NaN), 0]);
  expect(received[1].time - received[0].time).toBeCloseTo(0.5, 6);
  const now = context.clock.now() - (context.clock.unix() - (zero + 4.5));
  // The machine may pause between the readings of two clocks; unix or session time would be off by far more.
  expect(Math.abs(received[0].time - now)).toBeLessThan(0.25);

  const full = await inlet.fullInfo();
  expect(channelsOf(full).map(({ label, unit }) => `${label} ${unit}`)).toEqual([
    'valence [-1,1]',
    'arousal [-1,1]',
    'valence_low [-1,1]',
    'valence_high [-1,1]',
    'arousal_low [-1,1]',
    'arousal_high [-1,1]',
    'valid bool',
  ]);
  const said = Object.fromEntries(full.description.map(({ name, text }) => [name, text]));
  expect(said).toMatchObject({ model: 'demo@sha256:00', pipeline: 'sha256:11', evidence: 'simulated' });
});

it('ends a session’s stream with the session', async () => {
  const output = sink(context.clock.unix());
  const gone = new Promise<LslStreamInfo>((resolve) => {
    const resolver = new Resolver(context, {
      query: "contains(source_id,'-s2')",
      forgetAfter_s: 1,
      appeared: () =>
        output.publish({
          stream: 'sys',
          session: 's2',
          seq: 1,
          time: null,
          event: { code: 'session-closed', level: 'info', message: '' },
        }),
      vanished: resolve,
    });
    cleanups.push(() => resolver.close());
  });
  output.publish(prediction(4, { session: 's2' }));
  expect((await gone).type).toBe('Affect');
});
