import { describe, expect, it } from 'vitest';
import { GazeSigns } from '../../../../src/signal/features/signs/gaze-signs.js';
import { LEAST_S } from '../../../../src/signal/features/signs/signs.js';
import { unwornEyes } from '../../../../src/simulation/unworn.js';
import { changed, type Fed, unworn, verdicts, worn } from './fed.js';

const verdictsOf = (fed: Fed) => verdicts(new GazeSigns(fed.info), fed);
const tracker = (gives: 'nothing' | 'constant' | 'white', sfreq = 60) =>
  unworn(unwornEyes({ seed: 1, duration_s: 40, sfreq, gives }));

describe('a gaze', () => {
  it('of a simulated person is one', () => {
    expect(verdictsOf(worn('gaze', 40)).slice(LEAST_S)).toEqual(new Array(40 - LEAST_S).fill(1));
  });

  it('is none in a tracker without eyes', () => {
    for (const sfreq of [30, 60, 300])
      expect(verdictsOf(tracker('white', sfreq)).slice(LEAST_S)).toEqual(new Array(40 - LEAST_S).fill(0));
    expect(verdictsOf(tracker('constant')).slice(LEAST_S)).toEqual(new Array(40 - LEAST_S).fill(0));
    expect(verdictsOf(tracker('nothing')).every(Number.isNaN)).toBe(true);
  });

  it('is none in noise that a filter made smooth', () => {
    const memory = new Map<number, number>();
    const smooth = changed(tracker('white'), (x, _, channel) => {
      memory.set(channel, 0.95 * (memory.get(channel) ?? 0) + 0.05 * x);
      return memory.get(channel)!;
    });
    // Pupils change as smoothly: the gaze alone tells.
    const gazeAlone = changed(smooth, (x, _, channel) => (channel < 4 ? x : 3));
    expect(verdictsOf(gazeAlone).at(-1)).toBe(0);
  });

  it('shows in either: in the pupils where there is no gaze, and in the gaze where there are no pupils', () => {
    const person = worn('gaze', 40);
    expect(verdictsOf(changed(person, (x, _, channel) => (channel < 4 ? 0 : x))).at(-1)).toBe(1);
    expect(verdictsOf(changed(person, (x, _, channel) => (channel < 4 ? x : 0))).at(-1)).toBe(1);
  });
});
