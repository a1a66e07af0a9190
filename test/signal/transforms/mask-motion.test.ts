import { describe, expect, it } from 'vitest';
import type { FeatureVector } from '../../../src/core/features.js';
import { checkPipeline } from '../../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../../src/pipeline/file/document.js';
import { SessionGraph } from '../../../src/pipeline/session/session-graph.js';
import { maskMotion } from '../../../src/signal/transforms/mask-motion.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { schemaOf, vectorOf } from './feature-vectors.js';

const heart = schemaOf(['heart.hr_mean', 'heart.rmssd']);
const body = schemaOf(['body.acc_sd']);

function run(motions: readonly (number | null)[], most_g?: number): FeatureVector[] {
  const processor = maskMotion.create(maskMotion.params.parse({ motion: 'movement', most_g }));
  expect(processor.reset(heart, 'start')).toEqual(heart);
  return motions.map((g, i) => {
    processor.beside!(vectorOf(body, [g], i));
    return processor.process(vectorOf(heart, [60 + i, i === 1 ? null : 30], i));
  });
}

describe('mask-motion', () => {
  it('masks the windows in which the body moved, and those alone', () => {
    const given = run([0.01, 0.1, 0.11, 2, null, 0.02]);
    expect(given.map(({ reason }) => reason)).toEqual([null, null, 'motion', 'motion', null, null]);
    for (const i of [2, 3]) {
      expect([...given[i].present]).toEqual([0, 0]);
      expect([...given[i].values]).toEqual([Number.NaN, Number.NaN]);
    }
    expect([...given[5].values]).toEqual([65, 30]);
    expect(run([0.11], 0.2)[0].reason).toBeNull();
  });

  it('lets everything pass where motion was told of another time, and keeps the reason of what was masked before', () => {
    const processor = maskMotion.create(maskMotion.params.parse({ motion: 'movement' }));
    processor.beside!(vectorOf(body, [1], 1));
    expect(processor.process(vectorOf(heart, [60, 30], 2)).reason).toBeNull();
    const masked = vectorOf(heart, [null, null], 1);
    expect(processor.process(masked)).toBe(masked);
  });

  it('takes a node and a threshold above 0', () => {
    const parse = (value: unknown) => maskMotion.params.safeParse(value).success;
    expect([{ motion: 'm' }, { motion: 'm', most_g: 0 }, {}].map(parse)).toEqual([true, false, false]);
  });

  const file = (motion: string) => `
sources:
  ppg: { type: websocket, stream_type: PPG }
  acc: { type: websocket, stream_type: ACC, optional: true }
transforms:
  still: { type: mask-motion, input: heart, motion: ${motion}, most_g: 0.2 }
  heart: { type: extract, input: ppg, features: [heart-rate], window_s: 4, hop_s: 1 }
  movement: { type: extract, input: acc, features: [MOTION], window_s: 4, hop_s: 1 }
`;
  const check = (text: string) =>
    checkPipeline(new PipelineDocument('p.yaml', text.replace('MOTION', 'motion')));

  it('has a digest that follows the node of motion; a file without it has the digest that it had', () => {
    const digest = (text: string, node: string) => check(text).pipeline!.transforms.get(node)!.digest;
    const slower = file('movement').replace(/(features: \[MOTION\].*)hop_s: 1/, '$1hop_s: 2');
    expect(digest(slower, 'still')).not.toBe(digest(file('movement'), 'still'));
    expect(digest(slower, 'heart')).toBe(digest(file('movement'), 'heart'));
    expect([...check(file('movement')).pipeline!.transforms.keys()]).toEqual(['heart', 'movement', 'still']);
  });

  it('is told with its line where the node is none, goes in a circle, or has no motion', () => {
    const problem = (motion: string) =>
      check(file(motion))
        .problems.map(({ message }) => message)
        .join();
    expect(problem('movment')).toMatch(/no node is called movment; did you mean movement/);
    expect(problem('acc')).toMatch(/acc gives chunks/);
    expect(problem('heart')).toMatch(/heart doesn't list the feature motion/);
    expect(problem('still')).toMatch(/a cycle/);
  });

  it('masks a session while the wrist moves, and not without acceleration', () => {
    const text = `${file('movement').replace('stream_type: PPG', 'stream_type: EDA').replace('heart-rate', 'skin-conductance')}
  index: { type: rest-index, input: still, span_s: 10 }
`;
    const eda = streamInfo({ type: 'EDA', sfreq: 4, labels: ['eda'], unit: 'uS' });
    const acc = { ...streamInfo({ type: 'ACC', sfreq: 32, labels: ['x', 'y', 'z'], unit: 'g' }), id: 'acc' };
    const shake = (t: number) => (t >= 20 && t < 22 ? Math.sin(40 * t) : 0);
    const row = (from: number, n: number, f: (t: number) => number) =>
      Array.from({ length: n }, (_, i) => f(from + i / n));
    const reasonsOf = (worn: boolean) => {
      const reasons = new Map<number, readonly unknown[]>();
      const graph = new SessionGraph({
        session: 'test',
        pipeline: check(text).pipeline!,
        models: new Map(),
        ordered: true,
        monitor: false,
        events: () => {},
        emit: (output) => {
          if (output.kind === 'indices') reasons.set(output.vector.time, output.vector.reasons!);
        },
      });
      for (let t = 0; t < 30; t++) {
        const skin = [row(t, 4, (s) => 5 + Math.sin(s))];
        graph.push({ kind: 'chunk', chunk: chunkOf(eda, skin, t) });
        const body = [row(t, 32, (s) => 1 + shake(s)), row(t, 32, () => 0), row(t, 32, () => 0)];
        if (worn) graph.push({ kind: 'chunk', chunk: chunkOf(acc, body, t) });
      }
      graph.end();
      return (time: number) => reasons.get(time)![0];
    };
    const [worn, bare] = [reasonsOf(true), reasonsOf(false)];
    expect([18, 20, 21, 23, 25, 26, 28].map(worn)).toEqual([
      null,
      null,
      'motion',
      'motion',
      'motion',
      null,
      null,
    ]);
    expect([18, 20, 21, 23, 25, 26, 28].map(bare)).toEqual(new Array(7).fill(null));
  });
});
