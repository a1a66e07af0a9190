import { describe, expect, it } from 'vitest';
import reference from '../../../../fixtures/features/peripheral.json' with { type: 'json' };
import { respiration } from '../../../../src/signal/features/breath/respiration.js';
import { chunkOf } from '../../../../src/testing/stream-fixtures.js';
import { expectValues, named, streamWith, units, vectorAt, vectorsOf } from '../extractor-runs.js';

const FEATURE = 'respiration';
const { sfreq, resp, resp_rate, resp_rate_sd, resp_amplitude } = reference.breathing;
const info = streamWith('RESP', sfreq, [['chest', 'mV']]);

describe(FEATURE, () => {
  it("equals scipy's filters and peaks", () => {
    const vector = vectorAt(FEATURE, info, [resp], 60);
    expect(units(vector)).toEqual({
      'breath.resp_rate': '1/min',
      'breath.resp_amplitude': 'mV',
      'breath.resp_rate_sd': '1/min',
    });
    expectValues(vector, {
      'breath.resp_rate': resp_rate,
      'breath.resp_rate_sd': resp_rate_sd,
      'breath.resp_amplitude': resp_amplitude,
    });
  });

  it('speaks once half of the time was measured, and after a gap again', () => {
    const chunks = [
      chunkOf(info, [resp.slice(0, 1000)], 0),
      chunkOf(info, [resp.slice(1000)], 1000 / sfreq + 2, true),
    ];
    const rates = vectorsOf(FEATURE, info, chunks, [10, 19, 21, 31, 62]).map(
      (v) => named(v)['breath.resp_rate'],
    );
    expect(rates.map((rate) => rate !== null)).toEqual([false, false, true, true, true]);
  });

  it('refuses a rate that shows no breaths', () => {
    expect(respiration.physics!({ rate_s: 30 }, { sfreq_hz: 1, window_s: 4 })).toHaveLength(1);
    const slow = streamWith('RESP', 1, [['chest', '']]);
    expect([...vectorAt(FEATURE, slow, [resp.slice(0, 60)], 60).present]).not.toContain(1);
  });
});
