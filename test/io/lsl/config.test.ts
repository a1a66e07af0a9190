import { expect, it } from 'vitest';
import { parseConfig } from '../../../src/io/lsl/config.js';

it('refuses settings that are none', () => {
  expect(() => parseConfig('nonsense', 'x.cfg')).toThrow('x.cfg');
  expect(() => parseConfig('[ports]\nBasePort = many', 'x.cfg')).toThrow('BasePort');
  expect(parseConfig('[lab]\nKnownPeers = {a, b}\nSessionID = s\n', 'x.cfg')).toMatchObject({
    knownPeers: ['a', 'b'],
    sessionId: 's',
    multicastPort: 16_571,
  });
});
