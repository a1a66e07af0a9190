import { expect, it } from 'vitest';
import { dgcnn } from '../../../src/model/networks/dgcnn.js';
import { channelFeatures, inputSpec } from '../engines/reference-model.js';
import { describeParity } from '../parity.js';

describeParity('dgcnn', channelFeatures);

it('refuses features that are not the same for every channel', () => {
  const settings = dgcnn.settings.parse({ heads: ['valence'] });
  const uneven = inputSpec('eeg', [3]);
  if (uneven.kind !== 'features') throw new Error('not features');
  const features = ['a', 'a', 'b'].map((channel, i) => ({ channel, feature: `f${i}`, unit: '' }));
  expect(dgcnn.problems(settings, [channelFeatures('eeg', [3, 2])])).toEqual([]);
  expect(dgcnn.problems(settings, [{ ...uneven, features }])[0]).toContain('inputs.eeg');
});
