import { describe, expect, it } from 'vitest';
import { beyondDrift, labelIsFile } from '../../../../src/learn/evaluate/rule/beyond-drift.js';
import { scored } from './scored.js';

/** Three minutes of rest in one file, one of a task in the next; windows of 10 s. */
const person = (name: string, value: (since_onset: number, label: number) => number) =>
  [180, 60].flatMap((length, label) =>
    Array.from({ length: length / 10 }, (_, w) =>
      scored({
        person: name,
        file: label,
        start: 181 * label + 10 * w,
        since_onset: 10 * w,
        label,
        value: value(10 * w, label),
      }),
    ),
  );

describe('beyondDrift', () => {
  it('is what a task has over rest, less what late rest has over early rest', () => {
    const [knows, drifts, both] = [
      person('a', (_, label) => label),
      person('b', (since_onset, label) => since_onset + 181 * label),
      person('c', (since_onset, label) =>
        label === 1 ? 500 : since_onset >= 120 ? since_onset % 20 : 10 - (since_onset % 20),
      ),
    ];
    expect(beyondDrift([...knows, ...drifts], 2)).toEqual([0.5, 0]);
    expect(beyondDrift(both, 2)[0]).toBe(0.5);
  });

  it('leaves the first minute and windows across its ends out', () => {
    // Wrong only where it does not count.
    const windows = person('a', (since_onset, label) => (since_onset < 60 ? 9 : label));
    expect(beyondDrift(windows, 2)).toEqual([0.5]);
    expect(
      beyondDrift(
        windows.filter(({ label, since_onset }) => label === 1 || since_onset < 120),
        2,
      ),
    ).toEqual([Number.NaN]);
  });
});

describe('labelIsFile', () => {
  it('holds where each class is one file of a session', () => {
    const windows = person('a', () => 0);
    expect(labelIsFile(windows)).toBe(true);
    expect(labelIsFile(windows.map((window) => ({ ...window, file: 0 })))).toBe(false);
    expect(labelIsFile(windows.filter(({ label }) => label === 0))).toBe(false);
    // A second file of rest: the file is not the label.
    expect(labelIsFile([...windows, scored({ person: 'a', file: 2, start: 300, label: 0 })])).toBe(false);
  });
});
