import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitDefinitions } from '../../../../src/learn/evaluate/splits/definitions.js';
import type { Fold } from '../../../../src/learn/evaluate/splits/fold.js';
import {
  LEAKY,
  makeSplit,
  type SplitSettings,
  splitSettings,
} from '../../../../src/learn/evaluate/splits/split.js';
import { unitOf } from '../../../../src/learn/evaluate/splits/unit.js';
import type { Origin } from '../../../../src/learn/examples/example.js';
import { dataSets, origins } from './people.js';

const parts = ['train', 'validation', 'test'] as const;

/** Units that two parts of a fold have in common. */
function shared(fold: Fold, data: readonly Origin[], unit: (origin: Origin) => string): string[] {
  const units = parts.map((part) => new Set(fold[part].map((i) => unit(data[i]))));
  return units.flatMap((a, i) => units.slice(i + 1).flatMap((b) => [...a].filter((u) => b.has(u))));
}

const honest: readonly [SplitSettings, readonly (keyof typeof unitOf)[]][] = [
  [{ kind: 'trial', folds: 3, within: 'everybody' }, ['trial']],
  [{ kind: 'trial', folds: 3, within: 'session' }, ['trial']],
  [{ kind: 'subject', folds: 'leave-one-out' }, ['trial', 'session', 'subject']],
  [{ kind: 'subject', folds: 3 }, ['trial', 'session', 'subject']],
  [{ kind: 'stimulus', folds: 4 }, ['trial', 'stimulus']],
  [{ kind: 'stimulus', folds: 'leave-one-out' }, ['trial', 'stimulus']],
  [{ kind: 'subject-and-stimulus', people: 2, stimuli: 2 }, ['trial', 'subject', 'stimulus']],
  [{ kind: 'first-clips', train: 4, within: 'everybody' }, ['trial']],
  [{ kind: 'first-clips', train: 4, within: 'person' }, ['trial']],
];

describe('makeSplit', () => {
  it.each(honest)('%j shares no unit between the parts', (settings, units) => {
    fc.assert(
      fc.property(dataSets, fc.integer(), (data, seed) => {
        const { folds, label } = makeSplit(settings, data, 0.25, seed);
        expect(label).toBeNull();
        for (const fold of folds) {
          const used = parts.flatMap((part) => fold[part]);
          expect(new Set(used).size).toBe(used.length);
          for (const part of parts) {
            expect(fold[part].length).toBeGreaterThan(0);
            expect(fold[part]).toEqual([...fold[part]].sort((a, b) => a - b));
          }
          for (const unit of units) expect(shared(fold, data, unitOf[unit])).toEqual([]);
        }
        if (settings.kind === 'first-clips') return;
        // Everything is tested exactly once.
        const tested = folds.flatMap(({ test }) => test).sort((a, b) => a - b);
        expect(tested).toEqual(data.map((_, i) => i));
      }),
      { numRuns: 40 },
    );
  });

  it('shares trials in the window split alone, and says so', () => {
    const data = origins(2, 1, 4, 10);
    const split = makeSplit({ kind: 'window', folds: 5, within: 'everybody' }, data, 0.2, 1);
    expect(split.label).toBe(LEAKY);
    expect(shared(split.folds[0], data, unitOf.trial).length).toBeGreaterThan(0);
    expect(Object.values(splitDefinitions).filter(({ leaky }) => leaky)).toEqual([splitDefinitions.window]);
    const tested = split.folds.flatMap(({ test }) => test).sort((a, b) => a - b);
    expect(tested).toEqual(data.map((_, i) => i));
  });

  it('holds nothing out of training where no validation is asked for', () => {
    const data = origins(3, 1, 4, 2);
    const { folds } = makeSplit({ kind: 'subject', folds: 'leave-one-out' }, data, 0, 1);
    for (const { train, validation, test } of folds) {
      expect(validation).toEqual([]);
      expect(train.length + test.length).toBe(data.length);
    }
  });

  it('gives the same folds for the same seed, and others for another', () => {
    const data = origins(4, 1, 8, 2);
    const settings: SplitSettings = { kind: 'trial', folds: 4, within: 'everybody' };
    expect(makeSplit(settings, data, 0.2, 5)).toEqual(makeSplit(settings, data, 0.2, 5));
    expect(makeSplit(settings, data, 0.2, 5)).not.toEqual(makeSplit(settings, data, 0.2, 6));
  });

  it('says what cannot be divided', () => {
    const data = origins(2, 1, 2, 1);
    const attempt =
      (settings: SplitSettings, from = data) =>
      () =>
        makeSplit(settings, from, 0.2, 1);
    expect(attempt({ kind: 'subject', folds: 3 })).toThrow('3 parts need as many people, and the data has 2');
    expect(attempt({ kind: 'trial', folds: 9, within: 'everybody' })).toThrow('9 folds need as many trials');
    expect(attempt({ kind: 'subject', folds: 2 })).toThrow('p0 has nothing for validation');
    expect(attempt({ kind: 'first-clips', train: 2, within: 'everybody' })).toThrow('has nothing for test');
    expect(
      attempt(
        { kind: 'stimulus', folds: 2 },
        data.map((o) => ({ ...o, stimulus: null })),
      ),
    ).toThrow('trial s0t0 of p0 has no stimulus to split by');
  });
});

describe('splitSettings', () => {
  it('refuses what no split knows', () => {
    expect(splitSettings.safeParse({ kind: 'trial', folds: 5 }).data).toEqual({
      kind: 'trial',
      folds: 5,
      within: 'everybody',
    });
    for (const wrong of [
      { kind: 'trials' },
      { kind: 'trial', folds: 1 },
      { kind: 'subject', folds: 5, seed: 1 },
    ])
      expect(splitSettings.safeParse(wrong).success).toBe(false);
  });
});
