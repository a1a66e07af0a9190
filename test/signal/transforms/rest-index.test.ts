import { describe, expect, it } from 'vitest';
import { restIndex } from '../../../src/signal/transforms/rest-index.js';
import { schemaOf, vectorOf } from './feature-vectors.js';

const schema = schemaOf(['heart.hr_mean', 'skin.scr_rate']);
const create = (params: Record<string, unknown> = {}) => {
  const processor = restIndex.create(restIndex.params.parse({ span_s: 6, ...params }));
  return { processor, schema: processor.reset(schema, 'start') };
};
const marker = (time: number, value: string) => ({ stream: 'm', time, value });

describe('rest-index', () => {
  it('gives z against the rest, and says why it gives nothing', () => {
    const { processor, schema: out } = create({ from_s: 1 });
    expect(out.features.map(({ unit }) => unit)).toEqual(['sd', 'sd']);
    const rows = [
      [99, 9],
      [60, 0],
      [62, 0],
      [64, 0],
      [66, 0],
      [68, null],
      [70, 0],
      [75, 3],
      [null, null],
    ] as const;
    const given = rows.map((row, i) => processor.process(vectorOf(schema, row, 1 + i)));
    expect(given.slice(0, 7).flatMap((v) => v.reasons)).toEqual(new Array(14).fill('resting'));
    // 60 ... 70: mean 65, population variance 35 / 3.
    expect(given[7].values[0]).toBeCloseTo(10 / Math.sqrt(35 / 3), 12);
    expect(given[7].reasons).toEqual([null, 'rest-unknown']);
    expect([...given[7].present]).toEqual([1, 0]);
    expect(given[7].values[1]).toBeNaN();
    expect(given[8].reasons).toEqual(['nan', 'nan']);
    expect(given[8].reason).toBe('nan');
  });

  it('takes a least deviation for what never varied at rest', () => {
    const { processor } = create({ least_sd: { scr_: 2, scr_amplitude: 9 } });
    for (let i = 0; i < 6; i++) processor.process(vectorOf(schema, [60 + i, 0], 1 + i));
    expect(processor.process(vectorOf(schema, [60, 3], 7)).values[1]).toBe(1.5);
  });

  it('asks for enough of the rest', () => {
    const { processor } = create({ least_share: 0.9 });
    for (let i = 0; i < 6; i++) processor.process(vectorOf(schema, [i === 2 ? null : 60 + i, i], 1 + i));
    expect(processor.process(vectorOf(schema, [60, 3], 7)).reasons).toEqual(['rest-unknown', null]);
  });

  it('finds the rest between markers, the first of each, at most span_s', () => {
    const run = (markers: readonly (readonly [number, string])[], params = {}) => {
      const { processor } = create({ from_marker: 'calm', to_marker: 'go', span_s: 20, ...params });
      return Array.from({ length: 40 }, (_, i) => {
        for (const [time, value] of markers)
          if (time > i && time <= i + 1) processor.mark!(marker(time, value));
        return processor.process(vectorOf(schema, [i % 5, i], i + 1));
      });
    };
    const given = run([
      [2.5, 'go'],
      [4.5, 'calm'],
      [6.5, 'calm'],
      [14.5, 'go'],
      [18, 'go'],
    ]);
    expect(given.findIndex((v) => v.present[0])).toBe(14);
    // Windows that close at 5 ... 14 s hold 4, 0, 1, 2, 3, 4, 0, 1, 2, 3.
    expect(given[14].values[0]).toBeCloseTo((4 - 2) / Math.SQRT2, 12);
    expect(run([[4.5, 'calm']]).findIndex((v) => v.present[0])).toBe(24);
    expect(run([]).every((v) => v.reasons!.every((r) => r === 'resting'))).toBe(true);
  });

  it('begins anew, for as long as it is told, at the marker that somebody sets', () => {
    const { processor } = create({ from_marker: 'calm', to_marker: 'go', span_s: 5 });
    const steps: [number, string?][] = [
      ...[99, 98, 97, 96, 95].map((x): [number] => [x]),
      [9, 'baseline:start'],
      ...[0, 1, 2, 3, 4, 0, 1, 2, 3].map((x): [number] => [x]),
      // What the file names ends no rest that somebody tells.
      [4, 'go'],
      [75, 'baseline:end'],
      [2, 'baseline:end'],
    ];
    processor.mark!(marker(0, 'calm'));
    const given = steps.map(([x, text], i) => {
      if (text) processor.mark!(marker(i + 0.5, text));
      return processor.process(vectorOf(schema, [x, x], i + 1));
    });
    // 9, 0 ... 4, 0 ... 4 were its rest.
    const rest = [9, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4];
    const mean = rest.reduce((sum, x) => sum + x, 0) / rest.length;
    const sd = Math.sqrt(rest.reduce((sum, x) => sum + (x - mean) ** 2, 0) / rest.length);
    expect(given.findIndex((v) => v.present[0])).toBe(16);
    expect(given[16].values[0]).toBeCloseTo((75 - mean) / sd, 12);
    expect(given[17].values[0]).toBeCloseTo((2 - mean) / sd, 12);
  });

  it('tells of its state whether it learns a rest that somebody began, and goes on with it elsewhere', () => {
    const [one, other] = [create().processor, create().processor];
    const since = () => restIndex.baselineSince!(one.snapshot!());
    expect(since()).toBeNull();
    one.mark!(marker(3, 'baseline:start'));
    expect(since()).toBe(3);
    one.process(vectorOf(schema, [60, 1], 4));
    other.restore!(structuredClone(one.snapshot!()));
    for (const node of [one, other]) {
      for (const x of [61, 62, 63]) node.process(vectorOf(schema, [x, x], x - 56));
      node.mark!(marker(7.5, 'baseline:end'));
    }
    expect(since()).toBeNull();
    const [expected, got] = [one, other].map((node) => node.process(vectorOf(schema, [70, 70], 8)));
    expect(expected.present[0]).toBe(1);
    expect(got).toEqual(expected);
  });

  it('keeps to the features asked for', () => {
    const { processor, schema: out } = create({ features: ['hr_'] });
    expect(out.features.map(({ feature }) => feature)).toEqual(['hr_mean']);
    expect(processor.process(vectorOf(schema, [60, 1], 1)).values).toHaveLength(1);
  });

  it('goes on from a stored state, over a change of layout, and starts anew', () => {
    const [one, other] = [create().processor, create().processor];
    const rest = [60, 62, 64, 66, 68, 70];
    for (const [i, x] of rest.entries()) one.process(vectorOf(schema, [x, x], 1 + i));
    other.restore!(structuredClone(one.snapshot!()));
    const expected = one.process(vectorOf(schema, [75, 60], 7));
    expect(other.process(vectorOf(schema, [75, 60], 7))).toEqual(expected);
    const heart = schemaOf(['heart.hr_mean']);
    one.reset(heart, 'layout');
    expect(one.process(vectorOf(heart, [75], 8)).values[0]).toBe(expected.values[0]);
    one.reset(schema, 'start');
    expect(one.process(vectorOf(schema, [75, 60], 9)).present).not.toContain(1);
  });

  it('refuses a rest that begins and ends at the same marker', () => {
    expect(restIndex.params.safeParse({ from_marker: 'a', to_marker: 'a' }).success).toBe(false);
  });
});
