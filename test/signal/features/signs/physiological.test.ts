import { describe, expect, it } from 'vitest';
import { unwornEyes, unwornHead, unwornWrist } from '../../../../src/simulation/unworn.js';
import { chunkOf } from '../../../../src/testing/stream-fixtures.js';
import { named, streamWith, vectorsOf } from '../extractor-runs.js';
import { type Fed, unworn, worn } from './fed.js';

const at = [4, 8, 11, 13, 20, 30, 39];
const said = ({ info, chunks }: Fed) =>
  vectorsOf('physiological', info, chunks, at).map((vector) => named(vector)['signal.physiological']);

describe('physiological', () => {
  it.each(['eeg', 'gaze', 'ppg', 'ecg'] as const)(
    'is 1 for %s of a person, once there is enough',
    (sensor) => {
      expect(said(worn(sensor, 40))).toEqual([null, null, null, 1, 1, 1, 1]);
    },
  );

  it('is 0 for sensors without one', () => {
    const labels = ['Fp1', 'Cz', 'O1'];
    const head = unwornHead({
      ...{ seed: 1, duration_s: 40, labels, sfreq: 128, exponent: 1, rms_uv: 10 },
      ...{ mixing: 'near', filtered: true },
    });
    const eyes = unwornEyes({ seed: 1, duration_s: 40, sfreq: 60, gives: 'white' });
    const [pulse] = unwornWrist({ seed: 1, duration_s: 40, on: 'mug' });
    for (const stream of [head, eyes, pulse])
      expect(said(unworn(stream)), stream.info.type).toEqual([null, null, null, 0, 0, 0, 0]);
  });

  it('takes resistance as the conductance that it is', () => {
    const fed = worn('eda', 40);
    const ohm = streamWith('EDA', 16, [['eda', 'ohm']]);
    const chunks = fed.chunks.map(({ data, times }) =>
      chunkOf(ohm, [data.map((us) => 1e6 / us)], [...times]),
    );
    expect(said({ info: ohm, chunks })).toEqual(said(fed));
  });

  it('says nothing of a sensor that sends nothing', () => {
    const { info } = worn('ppg', 1);
    expect(said({ info, chunks: [] })).toEqual(at.map(() => null));
  });
});
