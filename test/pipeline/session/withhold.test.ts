import { describe, expect, it } from 'vitest';
import type { ModelOutput } from '../../../src/core/model.js';
import { withhold } from '../../../src/pipeline/session/withhold.js';

const score = { first: [0, 0, 0], second: [0, 0, 0] };
const output: ModelOutput = {
  valence: 0.4,
  arousal: -0.2,
  dominance: 0.1,
  high: { valence: 0.7, arousal: 0.4, dominance: 0.55 },
  classes: { rest: 0.2, task: 0.8 },
  ranking: { valence: score, arousal: score },
  weights: [1],
  routing: [0.5, 0.5],
  contribution: {
    eda: { valence: 0.3, arousal: 0.1, dominance: 0, 'classes.rest': 0.1, 'classes.task': -0.1 },
  },
  interval: { level: 0.9, valence: [0.1, 0.9], arousal: [-0.8, 0.4] },
};

describe('withhold', () => {
  it('leaves everything where nothing is abstained from, or skill was never measured', () => {
    expect(withhold(output)).toEqual({ output, abstained: [], everything: false });
    expect(withhold({ ...output, abstained: [] }).output).toMatchObject(output);
  });

  it('takes a dimension out of values, intervals, rankings and contributions, and leaves the others', () => {
    const {
      output: kept,
      abstained,
      everything,
    } = withhold({ ...output, abstained: ['valence', 'dominance'] });
    expect([abstained, everything]).toEqual([['valence', 'dominance'], false]);
    expect(kept).toMatchObject({
      valence: null,
      arousal: -0.2,
      high: { arousal: 0.4 },
      interval: { level: 0.9, valence: null, arousal: [-0.8, 0.4] },
      weights: [1],
    });
    expect(kept).not.toHaveProperty('dominance');
    expect(Object.keys(kept.high!)).toEqual(['arousal']);
    expect(Object.keys(kept.ranking!)).toEqual(['arousal']);
    expect(kept.contribution).toEqual({ eda: { arousal: 0.1, 'classes.rest': 0.1, 'classes.task': -0.1 } });
  });

  it('takes all classes out together', () => {
    const { output: kept } = withhold({ ...output, abstained: ['classes'] });
    expect(kept).not.toHaveProperty('classes');
    expect(Object.keys(kept.contribution!.eda)).toEqual(['valence', 'arousal', 'dominance']);
  });

  it('says when nothing is left', () => {
    const all = ['valence', 'arousal', 'dominance', 'classes'];
    expect(withhold({ ...output, abstained: all }).everything).toBe(true);
    expect(withhold({ ...output, abstained: all.slice(1) }).everything).toBe(false);
    // A model that only ranks in a dimension still ranks.
    const ranks = { ...output, ranking: { liking: score }, abstained: all };
    expect(withhold(ranks).everything).toBe(false);
  });
});
