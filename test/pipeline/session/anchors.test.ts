import { describe, expect, it } from 'vitest';
import type { Prediction } from '../../../src/io/protocol/output.js';
import { Anchors } from '../../../src/pipeline/session/anchors.js';
import type { SessionOutput } from '../../../src/pipeline/session/session-output.js';

/** Scores of a moment of value `s`: the pair's logits are d, 0.5 and -d for d = s_i - s_j. */
const window = (
  time: number,
  s: number,
  { valid = true, model = 'm', node = 'rank' }: { valid?: boolean; model?: string; node?: string } = {},
): SessionOutput => ({
  kind: 'prediction',
  prediction: { time, valid, model, node } as Prediction,
  scores: { arousal: { first: [s, 0.5, -s], second: [-s, 0, s] } },
});
const marker = (time: number, value: string): SessionOutput => ({
  kind: 'marker',
  marker: { stream: 'm', time, value },
  source: 'cues',
});
const nodes = ['rank', 'other'];
const told = (anchors: Anchors, output: SessionOutput): Record<string, string> | null => {
  const followed = anchors.follow(output, nodes);
  if (followed.kind !== 'prediction') return null;
  const { arousal } = followed.prediction.ranking!;
  return Object.fromEntries(Object.entries(arousal).map(([name, { is }]) => [name, is]));
};

describe('Anchors', () => {
  it('compares with the first valid window, and with those that markers name', () => {
    const anchors = new Anchors();
    expect(told(anchors, window(4, 3, { valid: false }))).toEqual({});
    expect(told(anchors, window(5, 0))).toEqual({ start: 'similar' });
    expect(told(anchors, window(6, 1))).toEqual({ start: 'higher' });
    told(anchors, marker(6.5, 'anchor:excited'));
    told(anchors, marker(6.6, 'stimulus/7'));
    expect(told(anchors, window(6.4, 9))).toEqual({ start: 'higher' });
    expect(told(anchors, window(7, 4))).toEqual({ start: 'higher', excited: 'similar' });
    expect(told(anchors, window(8, 0.2))).toEqual({ start: 'similar', excited: 'lower' });
  });

  it('moves an anchor that is marked again, and waits for a valid window', () => {
    const anchors = new Anchors();
    told(anchors, window(1, 0));
    told(anchors, marker(1, 'anchor:rest'));
    told(anchors, window(2, 5, { valid: false }));
    expect(told(anchors, window(3, 1))).toEqual({ start: 'higher', rest: 'similar' });
    told(anchors, marker(3.5, 'anchor:rest'));
    expect(told(anchors, window(4, -3))).toEqual({ start: 'lower', rest: 'similar' });
    told(anchors, marker(5, 'anchor'));
    expect(Object.keys(told(anchors, window(5, 0))!)).toEqual(['start', 'rest', 'anchor-1']);
  });

  it('holds 64 anchors, tells of those that have no room, and moves one that it has; a long name is none', () => {
    const ignored: string[] = [];
    const anchors = new Anchors(undefined, (name, node) => ignored.push(`${node} ${name}`));
    told(anchors, window(1, 0));
    for (let k = 0; k < 100; k++) told(anchors, marker(1, `anchor:${k}`));
    told(anchors, marker(1, `anchor:${'x'.repeat(200)}`));
    expect(Object.keys(told(anchors, window(2, 0))!)).toHaveLength(64);
    expect(ignored.filter((text) => text.startsWith('rank'))).toHaveLength(37);
    expect(ignored[0]).toBe('rank 63');
    told(anchors, marker(2.5, 'anchor:0'));
    expect(told(anchors, window(3, 5))).toMatchObject({ 0: 'similar', 1: 'higher' });
    for (let k = 0; k < 100; k++) told(anchors, marker(4, 'anchor:0'));
    expect(ignored.filter((text) => text.startsWith('rank'))).toHaveLength(37 + 36);
  });

  it('compares in a dimension with moments that told it: the others abstained', () => {
    const score = { first: [0, 0.5, 0], second: [0, 0, 0] };
    const moment = (time: number, ...dimensions: string[]): SessionOutput => ({
      ...(window(time, 0) as SessionOutput & { kind: 'prediction' }),
      scores: Object.fromEntries(dimensions.map((dimension) => [dimension, score])),
    });
    const anchors = new Anchors();
    const ranked = (output: SessionOutput): Record<string, string[]> => {
      const followed = anchors.follow(output, nodes);
      if (followed.kind !== 'prediction') return {};
      const { ranking } = followed.prediction;
      return Object.fromEntries(Object.entries(ranking!).map(([name, own]) => [name, Object.keys(own)]));
    };
    expect(ranked(moment(1, 'arousal'))).toEqual({ arousal: ['start'] });
    anchors.follow(marker(1.5, 'anchor:rest'), nodes);
    expect(ranked(moment(2, 'arousal'))).toEqual({ arousal: ['start', 'rest'] });
    expect(ranked(moment(3, 'valence', 'arousal'))).toEqual({
      valence: ['start'],
      arousal: ['start', 'rest'],
    });
    expect(ranked(moment(4))).toEqual({});
  });

  it('gives probabilities that add up to 1', () => {
    const anchors = new Anchors();
    anchors.follow(window(1, 0), nodes);
    const followed = anchors.follow(window(2, 0.7), nodes);
    if (followed.kind !== 'prediction') throw new Error('not a prediction');
    const { probabilities } = followed.prediction.ranking!.arousal.start;
    const weights = [0.7, 0.5, -0.7].map(Math.exp);
    const sum = weights[0] + weights[1] + weights[2];
    expect(probabilities.higher).toBeCloseTo(weights[0] / sum, 6);
    expect(probabilities.lower).toBeCloseTo(weights[2] / sum, 6);
  });

  it('begins anew with another model, and goes on from a snapshot', () => {
    const anchors = new Anchors();
    told(anchors, window(1, 0));
    told(anchors, marker(2, 'anchor:later'));
    const resumed = new Anchors(structuredClone(anchors.snapshot()));
    expect(told(resumed, window(3, 2))).toEqual(told(anchors, window(3, 2)));
    expect(resumed.snapshot()).toEqual(anchors.snapshot());
    expect(told(anchors, window(4, 8, { model: 'other' }))).toEqual({ start: 'similar' });
  });

  it('keeps the moments of two models that rank apart, each marked at its own next window', () => {
    const anchors = new Anchors();
    const other = { model: 'n', node: 'other' };
    told(anchors, window(1, 0));
    told(anchors, window(1, 5, other));
    told(anchors, marker(1.5, 'anchor:calm'));
    expect(told(anchors, window(2, 3))).toEqual({ start: 'higher', calm: 'similar' });
    expect(told(anchors, window(2, 1, { ...other, valid: false }))).toEqual({ start: 'lower' });
    expect(told(anchors, window(3, 0))).toEqual({ start: 'similar', calm: 'lower' });
    expect(told(anchors, window(3, 2, other))).toEqual({ start: 'lower', calm: 'similar' });
    const resumed = new Anchors(structuredClone(anchors.snapshot()));
    // The same model behind both nodes makes no difference.
    for (const node of ['rank', 'other'])
      expect(told(resumed, window(4, 4, { node, model: 'm' }))).toEqual(
        node === 'rank' ? { start: 'higher', calm: 'higher' } : { start: 'similar' },
      );
  });

  it('leaves models that do not rank alone', () => {
    const plain: SessionOutput = {
      kind: 'prediction',
      prediction: { time: 1, valid: true, node: 'plain' } as Prediction,
      scores: null,
    };
    const anchors = new Anchors();
    anchors.follow(marker(0, 'anchor:calm'), ['plain']);
    expect(anchors.follow(plain, ['plain'])).toBe(plain);
    expect(anchors.snapshot().nodes).toEqual([]);
  });
});
