import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  canonicalLabel,
  canonicalLabels,
  distinctLabels,
  isEegLabel,
  isReferencePair,
  synonymOf,
  tenFiveLabels,
} from '../../../src/signal/montage/labels.js';

describe('labels', () => {
  it.each([
    ['EEG Fp1', 'Fp1'],
    ['FP1', 'Fp1'],
    ['EEG FPZ-Ref', 'Fpz'],
    ['EEG F7-LE', 'F7'],
    ['C3-A2', 'C3'],
    ['c4-a1', 'C4'],
    ['Fc5.', 'FC5'],
    ['T3', 'T3'],
    ['EEG A2-A1', 'A2-A1'],
    ['CB1', 'CB1'],
    ['EEG Fpz-Cz', 'Fpz-Cz'],
    ['afp3H', 'AFp3h'],
    ['Electrode 7', 'Electrode 7'],
    ['', ''],
  ])('%j is %j', (raw, label) => expect(canonicalLabel(raw)).toBe(label));

  it('numbers duplicates and leaves empty labels empty', () => {
    expect(canonicalLabels(['EEG F1-Ref', 'EEG F2-Ref', 'EEG F1-Ref', 'F1'])).toEqual([
      'F1',
      'F2',
      'F1#2',
      'F1#3',
    ]);
    expect(canonicalLabels(['', '', 'Cz'])).toEqual(['', '', 'Cz']);
    expect(distinctLabels(['a', 'a', 'a#2'])).toEqual(['a', 'a#3', 'a#2']);
  });

  it('tells references from scalp EEG', () => {
    expect(isReferencePair('EEG A2-A1')).toBe(true);
    expect(isEegLabel('EEG A2-A1')).toBe(false);
    expect(isEegLabel('EEG A2')).toBe(true);
    expect(isEegLabel('EEG Fpz-Cz')).toBe(true);
    expect(isEegLabel('Status')).toBe(false);
  });

  it('knows old and new names of an electrode', () => {
    expect([synonymOf('T3'), synonymOf('P8'), synonymOf('Cz')]).toEqual(['T7', 'T6', null]);
  });

  const montage = '../shared/montages/spherical_1005.tsv';
  it.skipIf(!existsSync(montage))('lists every electrode of the 10-5 montage', () => {
    const names = readFileSync(montage, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split('\t')[0])
      .filter((name) => !['LPA', 'RPA', 'NAS'].includes(name));
    expect([...tenFiveLabels].sort()).toEqual(names.sort());
  });
});
