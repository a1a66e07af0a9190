import { describe, expect, it } from 'vitest';
import type { ChunkTransform, FeatureTransform, WindowTransform } from '../../src/core/component.js';
import { Random } from '../../src/core/random.js';
import type { StreamMessage } from '../../src/core/signal.js';
import type { Stateful, StateVersion } from '../../src/core/state.js';
import { loadPipeline } from '../../src/pipeline/file/load.js';
import type { Pipeline } from '../../src/pipeline/file/pipeline.js';
import { transformDefinitions } from '../../src/pipeline/file/registry.js';
import { findPipeline, shippedPipelines } from '../../src/pipeline/file/shipped-pipelines.js';
import { decodeState, encodeState } from '../../src/pipeline/run/state-file.js';
import { SessionGraph } from '../../src/pipeline/session/session-graph.js';
import { featureDefinitions } from '../../src/signal/features/registry.js';
import { extractedNames } from '../../src/signal/transforms/extract.js';
import { streamInfo } from '../../src/testing/stream-fixtures.js';
import { live, modelsOf, others, pipelineOf, session, until } from './every-component.js';
import { stopAndGo } from './stop-and-go.js';

const pipelines: readonly (readonly [name: string, load: () => Promise<Pipeline>])[] = [
  ...shippedPipelines().map((name) => [name, () => loadPipeline(findPipeline(name))] as const),
  ['others', async () => pipelineOf(others)],
];

/** Places of messages, drawn by `name`: some anywhere, some after a minute, one right before samples that come after a hole. */
function stopsOf(name: string, messages: readonly StreamMessage[]): number[] {
  const random = new Random('stops', name);
  const drawn = (from: number, n: number): number[] =>
    Array.from({ length: n }, () => from + Math.floor(random.uniform() * (messages.length - from)));
  const minute = messages.findIndex((message) => message.kind === 'chunk' && message.chunk.times[0] > 60);
  const holes = [...messages.keys()].filter((i) => {
    const message = messages[i];
    return message.kind === 'chunk' && message.chunk.gapBefore;
  });
  return [...drawn(0, 8), ...drawn(minute, 3), holes[Math.floor(random.uniform() * holes.length)]].sort(
    (a, b) => a - b,
  );
}

describe('a session that is stopped, stored and goes on in a new object gives what it would have given', () => {
  it.each(pipelines)('%s, in order of its stamps', async (name, load) => {
    const pipeline = await load();
    const setup = { pipeline, models: modelsOf(pipeline), ordered: true, monitor: false };
    const whole = stopAndGo(setup, session, []);
    expect(whole.told.length).toBeGreaterThan(60);
    const parts = stopAndGo(setup, session, stopsOf(name, session));
    expect(parts.told).toEqual(whole.told);
    expect(parts.state === whole.state).toBe(true);
  });

  it.each(pipelines)('%s, live, with all that is told of its channels', async (name, load) => {
    const pipeline = await load();
    const setup = { pipeline, models: modelsOf(pipeline), ordered: false, monitor: true };
    const messages = live(session);
    const whole = stopAndGo(setup, messages, []);
    const parts = stopAndGo(setup, messages, stopsOf(`${name} live`, messages));
    expect(parts.told).toEqual(whole.told);
    expect(parts.state === whole.state).toBe(true);
  });

  it('at each message around a hole, one after the other', async () => {
    const pipeline = pipelineOf(others);
    const setup = { pipeline, models: modelsOf(pipeline), ordered: true, monitor: true };
    const messages = until(20, 30);
    const whole = stopAndGo(setup, messages, []);
    const stops = [...messages.keys()].slice(-30);
    expect(stopAndGo(setup, messages, stops).told).toEqual(whole.told);
  });

  it('while what was told waits for the first sample', () => {
    const pipeline = pipelineOf(others);
    const setup = { pipeline, models: new Map(), ordered: true, monitor: false };
    const marker = { stream: 'told', time: -1, value: 'early' };
    const opened = session.filter(({ kind }) => kind === 'open');
    const rest = session.filter(({ kind }) => kind === 'chunk').slice(0, 50);
    const messages: StreamMessage[] = [...opened, { kind: 'marker', marker }, ...rest];
    const whole = stopAndGo(setup, messages, []);
    expect(whole.told).toEqual(stopAndGo(setup, messages, [opened.length + 1]).told);
  });
});

/** A component as it is registered, and one of what it makes. */
interface Made {
  readonly name: string;
  readonly version: StateVersion;
  readonly component: Partial<Stateful>;
}

async function everyNode(): Promise<{ transforms: Set<string>; features: Set<string>; made: Made[] }> {
  const transforms = new Set<string>();
  const features = new Set<string>();
  const made: Made[] = [];
  for (const [, load] of pipelines)
    for (const node of (await load()).transforms.values()) {
      const { definition, params } = node;
      transforms.add(definition.type);
      for (const name of extractedNames(node)) features.add(name);
      if (definition.kind === 'join') continue;
      const { create } = definition as
        | ChunkTransform<never>
        | WindowTransform<never>
        | FeatureTransform<never>;
      made.push({ name: definition.type, version: definition.state, component: create(params as never) });
    }
  return { transforms, features, made };
}

describe('every component', () => {
  it('is in a pipeline that is stopped and goes on above', async () => {
    const { transforms, features } = await everyNode();
    expect([...transforms].sort()).toEqual(
      [...transformDefinitions.keys()].filter((type) => type !== 'align' || transforms.has('align')).sort(),
    );
    expect([...features].sort()).toEqual([...featureDefinitions.keys()].sort());
  });

  it('stores its state, or says that it has none', async () => {
    const { made } = await everyNode();
    for (const definition of featureDefinitions.values())
      for (const type of definition.streams) {
        const info = streamInfo({ type, sfreq: 128, labels: ['x', 'y', 'z'], unit: 'uV' });
        const component = definition.create(info, definition.params.parse({}), 4);
        made.push({ name: `${definition.name} of ${type}`, version: definition.state, component });
      }
    for (const { name, version, component } of made) {
      const stores = component.snapshot !== undefined && component.restore !== undefined;
      expect(
        version === 'none' || (Number.isInteger(version) && version > 0),
        `${name}: state ${version}`,
      ).toBe(true);
      expect(stores, `${name}: state ${version}, but ${stores ? '' : 'no '}snapshot and restore`).toBe(
        version !== 'none',
      );
    }
  });
});

describe('a state that does not fit', () => {
  const pipeline = pipelineOf(others);
  const graphOf = (own: Pipeline) =>
    new SessionGraph({
      ...{ session: 's', pipeline: own, models: new Map(), ordered: true, monitor: false },
      events: () => {},
      emit: () => {},
    });
  const state = (() => {
    const graph = graphOf(pipeline);
    for (const message of session.slice(0, 400)) graph.push(message);
    return graph.snapshot();
  })();

  it('is not taken by another pipeline', () => {
    const other = pipelineOf(others.replace('line_hz: 50', 'line_hz: 60'));
    expect(() => graphOf(other).restore(state)).toThrow(/of another pipeline/);
  });

  it('is not taken from another version of a component, transform or extractor', () => {
    const changed = decodeState(encodeState(state)) as {
      nodes: Record<string, { version: number; state: never }>;
    };
    changed.nodes.eeg_quiet.version = 0;
    expect(() => graphOf(pipeline).restore(changed as never)).toThrow(/^eeg_quiet: .* another version/);
    changed.nodes.eeg_quiet.version = 1;
    (changed.nodes.skin.state as { extractors: { version: number }[] }).extractors[0].version = 9;
    expect(() => graphOf(pipeline).restore(changed as never)).toThrow(
      /^skin-conductance-response: .* another version/,
    );
  });

  it('holds no array that shows a part of a larger buffer', () => {
    const walk = (value: unknown, path: string): void => {
      if (ArrayBuffer.isView(value)) expect(value.buffer.byteLength, path).toBe(value.byteLength);
      else if (value !== null && typeof value === 'object')
        for (const [key, own] of Object.entries(value)) walk(own, `${path}.${key}`);
    };
    walk(state, 'state');
  });
});
