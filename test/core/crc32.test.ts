import { expect, it } from 'vitest';
import { crc32 } from '../../src/core/crc32.js';

it('is that of IEEE 802.3, whole or piece by piece', () => {
  const bytes = Buffer.from('123456789');
  expect(crc32(bytes)).toBe(0xcbf43926);
  expect(crc32(bytes.subarray(4), crc32(bytes.subarray(0, 4)))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array(0))).toBe(0);
});
