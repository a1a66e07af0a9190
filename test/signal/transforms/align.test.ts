import { describe, expect, it } from 'vitest';
import type { FeatureSchema, FeatureVector } from '../../../src/core/features.js';
import type { ModalityInput } from '../../../src/core/model.js';
import type { ModelNode } from '../../../src/pipeline/file/pipeline.js';
import { FrameBuilder } from '../../../src/pipeline/session/frame.js';
import { NodeSequence } from '../../../src/pipeline/session/node-sequence.js';
import { align } from '../../../src/signal/transforms/align.js';

const input = (...names: string[]): ModalityInput => ({
  kind: 'features',
  upstream: '',
  features: names.map((feature) => ({ channel: 'c', feature, unit: 'nat' })),
});
const schema = (...names: string[]): FeatureSchema => ({
  features: names.map((feature) => ({ channel: 'c', feature, unit: 'nat' })),
});

function vector(of: FeatureSchema, values: number[], time: number): FeatureVector {
  return {
    schema: of,
    values: Float64Array.from(values),
    present: Uint8Array.from(values, (value) => (Number.isFinite(value) ? 1 : 0)),
    time,
    window: [time - 4, time],
    coverage: 1,
    reason: values.some(Number.isFinite) ? null : 'stale',
  };
}

function node(inputs: [string, string[]][]): ModelNode {
  const join = {
    name: 'm',
    inputs: new Map(inputs),
    digests: new Map(),
    hops_s: new Map([['slow', 1]]),
    window_s: 4,
    hop_s: 0.5,
  };
  return { name: 'm', type: 'hi-moe', path: '', join, line: 1, column: 1 };
}

const builder = (inputs: [string, string[]][], modalities: [string, ModalityInput][]) =>
  new FrameBuilder(node(inputs), new Map(modalities), new NodeSequence());

describe('align', () => {
  it('waits two seconds for laggards by default', () => {
    expect(align.params.parse({})).toEqual({ allowed_lateness_s: 2 });
    expect(align.params.safeParse({ allowed_lateness_s: -1 }).success).toBe(false);
  });
});

describe('a frame', () => {
  it("has the model's order, whatever the session's", () => {
    const frames = builder([['eeg', ['de']]], [['eeg', input('a', 'b', 'c')]]);
    const { frame } = frames.build(4, new Map([['de', vector(schema('c', 'x', 'a'), [3, 9, 1], 4)]]));
    expect([...frame[0].values]).toEqual([1, 0, 3]);
    expect([...frame[0].mask]).toEqual([1, 0, 1]);
  });

  it('takes the first input that measured something', () => {
    const frames = builder([['heart', ['ecg', 'ppg']]], [['heart', input('hr')]]);
    const s = schema('hr');
    const both = frames.build(
      4,
      new Map([
        ['ecg', vector(s, [60], 4)],
        ['ppg', vector(s, [61], 4)],
      ]),
    );
    expect([...both.frame[0].values]).toEqual([60]);
    const second = frames.build(
      4.5,
      new Map([
        ['ecg', vector(s, [Number.NaN], 4.5)],
        ['ppg', vector(s, [61], 4.5)],
      ]),
    );
    expect([...second.frame[0].values]).toEqual([61]);
    expect(second.modalities.get('heart')).toEqual({ present: true, coverage: 1, reason: null });
  });

  it('does not take a vector older than a hop', () => {
    const frames = builder([['eye', ['gaze']]], [['eye', input('p')]]);
    const old = new Map([['gaze', vector(schema('p'), [3], 4)]]);
    expect(frames.build(4.4, old).modalities.get('eye')?.present).toBe(true);
    expect(frames.build(4.5, old).modalities.get('eye')).toEqual({
      present: false,
      coverage: 0,
      reason: 'absent',
    });
  });

  it('takes a slower input as long as that has nothing newer', () => {
    const frames = builder([['eye', ['slow']]], [['eye', input('p')]]);
    const old = new Map([['slow', vector(schema('p'), [3], 4)]]);
    expect([4, 4.5, 5].map((time) => frames.build(time, old).frame[0].present)).toEqual([true, true, false]);
  });

  it('says why a modality is masked', () => {
    const frames = builder([['eye', ['gaze']]], [['eye', input('p')]]);
    const state = (values: number[], names: string[]) =>
      frames.build(4, new Map([['gaze', vector(schema(...names), values, 4)]])).modalities.get('eye')?.reason;
    expect(state([Number.NaN], ['p'])).toBe('stale');
    expect(state([3], ['other'])).toBe('unmapped-channels');
    expect(frames.build(4, new Map()).modalities.get('eye')?.reason).toBe('absent');
  });

  it('masks a feature that comes in another unit', () => {
    const frames = builder([['eye', ['gaze']]], [['eye', input('p', 'q')]]);
    const mixed: FeatureSchema = {
      features: [
        { channel: 'c', feature: 'p', unit: 'px' },
        { channel: 'c', feature: 'q', unit: 'nat' },
      ],
    };
    const { frame } = frames.build(4, new Map([['gaze', vector(mixed, [1, 2], 4)]]));
    expect([...frame[0].mask]).toEqual([0, 1]);
    expect([...frame[0].values]).toEqual([0, 2]);
  });

  it('lets no NaN and no infinity through', () => {
    const frames = builder([['eeg', ['de']]], [['eeg', input('a', 'b')]]);
    const bad = vector(schema('a', 'b'), [Number.NaN, Number.POSITIVE_INFINITY], 4);
    bad.present.fill(1);
    const { frame } = frames.build(4, new Map([['de', bad]]));
    expect([...frame[0].values]).toEqual([0, 0]);
    expect(frame[0].present).toBe(false);
  });

  it('counts on from frame to frame', () => {
    const frames = builder([['eeg', ['de']]], [['eeg', input('a')]]);
    expect([4, 4.5, 5].map((time) => frames.build(time, new Map()).seq)).toEqual([0, 1, 2]);
  });
});
