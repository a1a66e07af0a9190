import { expect, it } from 'vitest';
import { isSimulatedField, isSimulatedMark } from '../../../src/signal/dialects/simulated-mark.js';

it.each(['true', '1', 'yes', ' TRUE ', 'affectd 0.1, seed 7'])('takes %j for a mark', (text) => {
  expect(isSimulatedMark(text)).toBe(true);
});

it.each(['', '  ', 'false', '0', 'No'])('takes %j for none', (text) => {
  expect(isSimulatedMark(text)).toBe(false);
});

it.each([
  ['Startdate 01-JAN-2026 X X affectd_simulated', true],
  ['Startdate X Simulated X X', true],
  ['simulated', true],
  ['Startdate X X X unsimulatedlab', false],
  ['Startdate X X X X', false],
])('reads the recording field %j', (field, isSimulated) => {
  expect(isSimulatedField(field)).toBe(isSimulated);
});
