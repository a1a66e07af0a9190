import { describe, expect, it } from 'vitest';
import reference from '../../../../fixtures/features/reference.json' with { type: 'json' };
import { chunkOf } from '../../../../src/testing/stream-fixtures.js';
import {
  expectValues,
  named,
  referenceRow,
  streamWith,
  units,
  vectorAt,
  vectorOfDevice,
  vectorsOf,
} from '../extractor-runs.js';

const info = streamWith('TEMP', 4, [['temp', 'degC']]);
/** 33 degC, warming by 0.01 degC/s for 40 s. */
const warming = Array.from({ length: 160 }, (_, i) => 33 + 0.01 * (i / 4));
const expected = { 'skin.temp_mean': 33.37875, 'skin.temp_slope': 0.01 };

describe('skin-temperature', () => {
  it('equals plain numpy', () => {
    const { temp, temp_mean, temp_slope } = reference.temperature;
    expectValues(vectorAt('skin-temperature', info, [referenceRow(temp)], 40), {
      'skin.temp_mean': temp_mean,
      'skin.temp_slope': temp_slope,
    });
  });

  it("gives the window's mean and the slope of a longer time", () => {
    const vector = vectorAt('skin-temperature', info, [warming], 40);
    expect(units(vector)).toEqual({ 'skin.temp_mean': 'degC', 'skin.temp_slope': 'degC/s' });
    expectValues(vector, expected);
    // Still in the window, rising in the 26 s before it.
    const stopped = warming.map((x, i) => (i < 144 ? x : 33.36));
    const values = named(vectorAt('skin-temperature', info, [stopped], 40));
    expect(values['skin.temp_mean']).toBeCloseTo(33.36, 9);
    expect(values['skin.temp_slope']).toBeGreaterThan(0.005);
  });

  it('gives a slope from a third of its time on', () => {
    const at = (slope_s: number, times: number[]) =>
      vectorsOf('skin-temperature', info, [chunkOf(info, [warming], 0)], times, {
        features: [{ name: 'skin-temperature', slope_s }],
      }).map((v) => named(v)['skin.temp_slope'] === null);
    expect(at(30, [4, 9.5, 10])).toEqual([true, true, false]);
    expect(at(60, [10, 19.5, 20])).toEqual([true, true, false]);
  });

  it.each([
    ['Empatica E4', 'TEMP', 'degC', (c: number) => c],
    ['Fahrenheit', 'SKT', 'degF', (c: number) => 1.8 * c + 32],
    ['kelvin', 'Temperature', 'K', (c: number) => c + 273.15],
  ])('converts %s', (_, type, unit, from) => {
    const device = { type, sfreq: 4, channels: [['TEMP', unit] as const] };
    expectValues(vectorOfDevice('skin-temperature', device, [warming.map(from)], 40), expected);
  });

  it('masks what is in no known unit', () => {
    for (const unit of ['V', '']) {
      const other = streamWith('TEMP', 4, [['temp', unit]]);
      expect(named(vectorAt('skin-temperature', other, [warming], 40))).toEqual({
        'skin.temp_mean': null,
        'skin.temp_slope': null,
      });
    }
  });

  it('averages two sites', () => {
    const two = streamWith('TEMP', 4, [
      ['left', 'degC'],
      ['right', 'degC'],
    ]);
    const rows = [warming, warming.map((x) => x - 1)];
    expectValues(vectorAt('skin-temperature', two, rows, 40), { ...expected, 'skin.temp_mean': 32.87875 });
  });
});
