import { describe, expect, it } from 'vitest';
import { heldOut } from '../../../../src/learn/evaluate/rule/held-out.js';
import { makeSplit, type SplitSettings } from '../../../../src/learn/evaluate/splits/split.js';
import { anExample } from '../../fit/an-example.js';

/** People with four trials each, of the same clips or of clips of their own. */
const examplesOf = (people: number, shared: boolean) =>
  Array.from({ length: people }, (_, p) =>
    Array.from({ length: 4 }, (_, t) =>
      anExample({
        person: `p${p}`,
        trial: `${t}`,
        position: t,
        stimulus: `${shared ? '' : p} ${t}`,
        valence: 0,
      }),
    ),
  ).flat();
const subject: SplitSettings = { kind: 'subject', folds: 'leave-one-out' };
const of = (
  settings: SplitSettings,
  people: number,
  { quantity = 'class' as 'class' | 'valence', shared = true, simulated = false } = {},
) => {
  const examples = examplesOf(people, shared);
  return heldOut(makeSplit(settings, examples, 0.2, 1), examples, quantity, simulated);
};

describe('heldOut', () => {
  it('takes eight people, each of whom is new', () => {
    expect(of(subject, 8)).toEqual({ people: 8, problem: null });
    expect(of({ kind: 'subject', folds: 3 }, 9)).toEqual({ people: 9, problem: null });
    expect(of(subject, 7)).toEqual({ people: 7, problem: '7 people; it takes 8, each held out' });
    expect(of({ kind: 'trial', folds: 2, within: 'person' }, 9).problem).toBe(
      '9 of 9 people are known to the models that predict them',
    );
  });

  it('refuses leaks and simulated people', () => {
    expect(of({ kind: 'window', folds: 2, within: 'everybody' }, 9).problem).toBe('the split is LEAKY');
    expect(of(subject, 9, { simulated: true }).problem).toBe('the data are simulated');
  });

  it('holds out the clips that people share where values are told', () => {
    expect(of(subject, 9, { quantity: 'valence' }).problem).toMatch(/^people share stimuli, such as /);
    expect(of(subject, 9, { quantity: 'valence', shared: false }).problem).toBeNull();
    const both: SplitSettings = { kind: 'subject-and-stimulus', people: 3, stimuli: 2 };
    expect(of(both, 9, { quantity: 'valence' })).toEqual({ people: 9, problem: null });
  });
});
