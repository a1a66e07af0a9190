import { describe, expect, it } from 'vitest';
import { ownClassLabels, ownTrialLabels } from '../../../../src/learn/evaluate/rule/own-labels.js';
import { scored } from './scored.js';

/** Windows every 10 s; `labels` and `values` of each person. */
const classWindows = (
  people: Readonly<Record<string, { labels: string; values: (i: number, label: number) => number }>>,
) =>
  Object.entries(people).flatMap(([person, { labels, values }]) =>
    [...labels].flatMap((letter, i) => {
      if (letter === '.') return [];
      const label = Number(letter);
      return [scored({ person, start: 10 * i, label, value: values(i, label) })];
    }),
  );

describe('ownClassLabels', () => {
  const clock = (i: number): number => i;
  const truth = (_: number, label: number): number => label;

  it('finds a clock as good for everybody, and what knows the label better for its person', () => {
    const schedules = { a: '0011', b: '0110', c: '1100' };
    const by = (values: (i: number, label: number) => number) =>
      ownClassLabels(
        classWindows(
          Object.fromEntries(Object.entries(schedules).map(([name, labels]) => [name, { labels, values }])),
        ),
        2,
        10,
      );
    const known = by(truth);
    expect(known.equal).toBe(false);
    expect(known.people[0]).toMatchObject({ own: 1, others: (0.5 + 0) / 2 });
    const timed = by(clock).people;
    const sum = (of: 'own' | 'others'): number => timed.reduce((all, person) => all + person[of], 0);
    expect(sum('own')).toBeCloseTo(sum('others'), 12);
  });

  it('compares over the windows in which the other person has a label', () => {
    // Of b there is nothing in the second half, where the score is the wrong way round.
    const values = (i: number, label: number): number => (i < 4 ? label : 1 - label);
    const [a] = ownClassLabels(
      classWindows({ a: { labels: '01010011', values }, b: { labels: '0011....', values } }),
      2,
      10,
    ).people;
    expect(a).toEqual({ person: 'a', own: 1, others: 0.5 });
  });

  it('says where all have the same labels at the same seconds', () => {
    const labels = '0011';
    const { equal, people } = ownClassLabels(
      classWindows({ a: { labels, values: truth }, b: { labels: '.011', values: truth } }),
      2,
      10,
    );
    expect(equal).toBe(true);
    expect(people[0]).toMatchObject({ own: 1, others: 1 });
  });
});

describe('ownTrialLabels', () => {
  const trial = (person: string, t: number, course: (i: number) => number, told: (i: number) => number) =>
    Array.from({ length: 20 }, (_, i) =>
      scored({ person, trial: `${person}${t}`, since_onset: 10 * i, label: course(i), value: told(i) }),
    );
  const rise = (i: number): number => i / 20;
  const fall = (i: number): number => 1 - i / 20;

  it('finds what follows seconds since the onset as good for the trials of others', () => {
    const windows = [
      ...trial('a', 1, rise, rise),
      ...trial('a', 2, fall, rise),
      ...trial('b', 1, rise, rise),
      ...trial('b', 2, fall, rise),
    ];
    for (const { own, others } of ownTrialLabels(windows, 10).people) expect(own).toBeCloseTo(others, 12);
    const [a] = ownTrialLabels(
      windows.map((window) => ({ ...window, score: [window.label] })),
      10,
    ).people;
    expect(a.own).toBeCloseTo(1, 12);
    expect(a.others).toBeLessThan(0.1);
  });

  it('counts a constant series 0', () => {
    const windows = [...trial('a', 1, rise, () => 0.5), ...trial('b', 1, () => 0.5, rise)];
    expect(ownTrialLabels(windows, 10).people).toEqual([
      { person: 'a', own: 0, others: 0 },
      { person: 'b', own: 0, others: expect.any(Number) },
    ]);
  });
});
