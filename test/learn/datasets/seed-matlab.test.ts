import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Mat5File } from '../../../src/learn/datasets/formats/mat5.js';
import { eegFeatures, signalRecording, signalVariables } from '../../../src/learn/datasets/seed-matlab.js';
import { fixtures } from './fixture-copy.js';

const raw = join(fixtures, 'seed', 'Preprocessed_EEG', '15_20130709.mat');
const plain = join(fixtures, 'formats', 'plain.mat');
const trial = {
  person: 'p',
  session: '1',
  number: 1,
  trial: '1/1',
  stimulus: 'clip-1',
  label: { targets: {}, class: 0 },
};

describe('SEED’s MAT files', () => {
  it('have a variable a trial, whatever the initials', async () => {
    const mat = await Mat5File.open(raw);
    expect(signalVariables(mat, 15).slice(9)).toEqual([
      'ww_eeg10',
      'ww_eeg11',
      'ww_eeg12',
      'ww_eeg13',
      'ww_eeg14',
      'ww_eeg15',
    ]);
    expect(() => signalVariables(mat, 16)).toThrow(
      `${raw}: has no variable '<initials>_eeg16' (there are: ww_eeg1,`,
    );
  });

  it('that are others are refused', async () => {
    const mat = await Mat5File.open(plain);
    await expect(signalRecording(mat, 'numbers', trial)).rejects.toThrow(
      `${plain}: 'numbers' is 2 x 3, not 62 electrodes x samples`,
    );
    await expect(eegFeatures(mat, 'de_LDS1', [])).rejects.toThrow("has no variable 'de_LDS1'");
  });
});
