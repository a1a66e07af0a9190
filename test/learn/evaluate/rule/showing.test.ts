import { describe, expect, it } from 'vitest';
import { showing } from '../../../../src/learn/evaluate/rule/showing.js';
import { scored } from './scored.js';

const context = { quantity: 'class', classes: 2, hop_s: 10, facts: [], rule: 'class' } as const;
const people = [...'abcdefghij'];
/** Rest, task, rest and task, each person's a little later than the one's before. */
const windows = (value: (label: number, time: number) => number, delay = 3) =>
  people.flatMap((person, p) =>
    Array.from({ length: 120 }, (_, w) => {
      const block = Math.floor(Math.max(0, w - delay * p) / 25);
      const label = block % 2;
      return scored({
        person,
        trial: `${person} ${block}`,
        start: 10 * w,
        since_onset: 10 * (w - (block === 0 ? 0 : 25 * block + delay * p)),
        label,
        value: value(label, w),
      });
    }),
  );

describe('showing', () => {
  it('says of each condition what was found, and takes the worst p of all', () => {
    const { conditions, p } = showing(
      context,
      windows((label) => label),
      null,
    );
    expect(conditions.map(({ name, passed, people: counted }) => [name, passed, counted])).toEqual([
      ['local-auc', true, 10],
      ['own-labels', true, 10],
      ['beyond-clock', false, 0],
    ]);
    expect(conditions[0]).toMatchObject({ figure: 1, bound: 1, reason: null });
    expect(conditions[1].p).toBe(1 / 1024);
    expect(conditions[2].reason).toBe('`inner_folds: 0`: it was not tried');
    expect(p).toBeNull();
  });

  it('lets a drift pass nothing', () => {
    const { conditions } = showing(
      context,
      windows((_, time) => time),
      null,
    );
    expect(conditions.map(({ passed }) => passed)).toEqual([false, false, false]);
    expect(conditions[0]).toMatchObject({ figure: 0.5, reason: 'its lower bound is not above 0.5' });
  });

  it('has no answer where everybody has the same schedule', () => {
    const { conditions, p } = showing(
      context,
      windows((label) => label, 0),
      null,
    );
    expect(conditions[1]).toMatchObject({
      passed: false,
      p: null,
      reason: 'everybody has the same labels at the same seconds: a clock would do as well',
    });
    expect(p).toBeNull();
  });

  it('says why there is no local AUC', () => {
    const rising = windows((label) => label).filter(({ start }) => start < 400);
    expect(showing(context, rising, null).conditions[0]).toMatchObject({
      passed: false,
      figure: null,
      reason: 'no label falls: a drift upwards would look as good',
    });
  });

  it('asks of values for what changes within trials', () => {
    const values = { ...context, quantity: 'valence', rule: 'dimension' } as const;
    const moving = windows((label) => label).map((window) => ({ ...window, trial: window.person }));
    expect(showing(values, moving, null).conditions[0]).toMatchObject({
      name: 'within-trials',
      passed: true,
    });
    const still = windows((label) => label);
    expect(showing(values, still, null).conditions[0]).toMatchObject({
      passed: false,
      figure: 0,
      reason: 'labels hold for whole trials: there is nothing within them to follow',
    });
  });

  it('asks one question where the label is the file', () => {
    const files = people.flatMap((person) =>
      [180, 60].flatMap((length, label) =>
        Array.from({ length: length / 10 }, (_, w) =>
          scored({
            person,
            file: label,
            start: 181 * label + 10 * w,
            since_onset: 10 * w,
            label,
            value: label + (w % 3),
          }),
        ),
      ),
    );
    const { conditions, p } = showing({ ...context, rule: 'file-class' }, files, null);
    expect(conditions).toEqual([expect.objectContaining({ name: 'beyond-drift', passed: true, people: 10 })]);
    expect(p).toBeCloseTo(2 / 10_001, 12);
  });
});
