import { expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import { channelsOf, isSimulated } from '../../../src/io/lsl/declaration.js';
import { Inlet } from '../../../src/io/lsl/inlet.js';
import { Resolver, resolveStreams } from '../../../src/io/lsl/resolver.js';
import type { LslStreamInfo } from '../../../src/io/lsl/stream-info.js';
import type { Prediction } from '../../../src/io/protocol/output.js';
import { LslSink } from '../../../src/io/sinks/lsl.js';
import { cleanUpAfterEach } from '../../setup/clean-up-after-each.js';
import { testNetwork } from '../lsl/liblsl-oracle.js';
import { ownPorts } from '../lsl/own-ports.js';

const { context } = testNetwork(await ownPorts());
const { cleanups } = cleanUpAfterEach();

const prediction = (time: number, changes: Partial<Prediction> = {}): Prediction => ({
  stream: 'affect',
  session: 's1',
  node: 'affect',
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

function sink(zero_s: number, name = 'lab'): LslSink {
  const { clock, events, config, interfaces } = context;
  const created = new LslSink({
    clock,
    events,
    name,
    stampOf: (_, time) => zero_s + time,
    network: { config, ...(interfaces ? { interfaces } : {}) },
  });
  cleanups.push(() => created.close());
  return created;
}

it('offers predictions with their interval, validity and digests, stamped on the machine’s clock', async () => {
  const zero = context.clock.now() - 4;
  const output = sink(zero);
  output.publish(prediction(4));
  const query = "name='lab' and type='Affect'";
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
  expect(received.map(({ time }) => time)).toEqual([zero + 4.5, zero + 5]);

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

it('tells receivers that come later of a new model, and lets those that are there go on', async () => {
  const output = sink(context.clock.now());
  output.publish(prediction(4, { session: 's3' }));
  const query = "contains(source_id,'-s3')";
  const [info] = await resolveStreams(context, { query, minimum: 1, timeout_s: 10 });
  const times: number[] = [];
  let arrived = (): void => {};
  const all = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const inlet = new Inlet(context, info, {
    samples: (batch) => {
      times.push(...batch.times);
      if (times.length === 2) arrived();
    },
    lost: (reason) => expect.unreachable(reason),
  });
  cleanups.push(() => inlet.close());
  await inlet.open();
  output.publish(prediction(4.5, { session: 's3' }));
  output.publish(prediction(5, { session: 's3', model: 'other@sha256:22' }));
  await all;
  const full = await inlet.fullInfo();
  expect(full.uid).toBe(info.uid);
  expect(full.description.find(({ name }) => name === 'model')?.text).toBe('other@sha256:22');
});

it('gives predictions of simulated streams an outlet of their own, whose description says so, for the rest of the session', async () => {
  const output = sink(context.clock.now());
  const ofSession = "contains(source_id,'-s4')";
  const found = (query: string) => resolveStreams(context, { query, minimum: 1, timeout_s: 10 });
  output.publish(prediction(4, { session: 's4', evidence: 'validated' }));
  const [real] = await found(ofSession);
  const received: number[] = [];
  const inlet = new Inlet(context, real, { samples: ({ times }) => received.push(...times) });
  cleanups.push(() => inlet.close());
  expect(isSimulated(await inlet.fullInfo())).toBe(false);
  await inlet.open();
  output.publish(prediction(4.5, { session: 's4', simulated: true }));
  // Another model of the session, which hears no simulated stream: the outlet is shared, and stays marked.
  output.publish(prediction(5, { session: 's4', evidence: 'validated' }));
  const [marked] = await found(`${ofSession} and contains(source_id,'-simulated')`);
  const other = new Inlet(context, marked, { samples: () => {} });
  cleanups.push(() => other.close());
  const full = await other.fullInfo();
  expect(isSimulated(full)).toBe(true);
  expect(full.uid).not.toBe(real.uid);
  expect(received).toEqual([]);
});

it('has outlets of two models told apart by name, source id and description', async () => {
  const outputs = { calm: sink(0, 'calm_out'), stress: sink(0, 'stress_out') };
  for (const [node, output] of Object.entries(outputs))
    output.publish(prediction(4, { session: 's5', node }));
  const query = "contains(source_id,'-s5')";
  const found = await resolveStreams(context, { query, minimum: 2, timeout_s: 10 });
  expect(new Set(found.map(({ name }) => name))).toEqual(new Set(['calm_out', 'stress_out']));
  expect(new Set(found.map(({ sourceId }) => sourceId)).size).toBe(2);
  for (const info of found) {
    const inlet = new Inlet(context, info, { samples: () => {} });
    cleanups.push(() => inlet.close());
    const { description } = await inlet.fullInfo();
    const node = description.find(({ name }) => name === 'node')?.text;
    expect(`${node}_out`).toBe(info.name);
  }
});

it('ends a session’s stream with the session', async () => {
  const output = sink(context.clock.now());
  const gone = new Promise<LslStreamInfo>((resolve) => {
    const resolver = new Resolver(context, {
      query: "contains(source_id,'-s2')",
      forgetAfter_s: 1,
      appeared: () => output.ended('s2'),
      vanished: resolve,
    });
    cleanups.push(() => resolver.close());
  });
  output.publish(prediction(4, { session: 's2' }));
  expect((await gone).type).toBe('Affect');
});

it('has the ports of the sessions that run before it is used; an outlet that finds none is opened when there is one', async () => {
  const clock = new VirtualClock();
  const own = testNetwork(await ownPorts(), { portRange: 2, allowRandomPorts: false });
  const { events, config, interfaces } = own.context;
  const make = (name: string): LslSink => {
    const network = { config, ...(interfaces ? { interfaces } : {}) };
    const made = new LslSink({ clock, events, name, stampOf: (_, time) => time, network });
    cleanups.push(() => made.close());
    return made;
  };
  const [output, other] = [make('lab'), make('other')];
  await output.open(2);
  await expect(other.open(0)).rejects.toMatchObject({ code: 'lsl-ports-taken' });
  const found = async (session: string): Promise<LslStreamInfo> => {
    const query = `contains(source_id,'-${session}')`;
    const [info] = await resolveStreams(own.context, { query, minimum: 1, timeout_s: 10 });
    return info;
  };
  for (const session of ['p1', 'p2', 'p3']) output.publish(prediction(4, { session }));
  for (const session of ['p1', 'p2']) expect((await found(session)).type).toBe('Affect');
  expect(await own.event('network-interface-failed')).toMatchObject({ session: 'p3' });
  clock.advance(5);
  await expect(other.open(0)).rejects.toMatchObject({ code: 'lsl-ports-taken' });
  output.ended('p1');
  // Its ports are free a moment later.
  await expect
    .poll(() =>
      other.open(0).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
  await other.close();
  clock.advance(5);
  expect((await found('p3')).type).toBe('Affect');
  expect(own.events.map(({ code }) => code)).toEqual(['network-interface-failed']);
});
