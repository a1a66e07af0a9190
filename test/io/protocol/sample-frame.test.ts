import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHeader, decodeSamples, encodeSamples } from '../../../src/io/protocol/sample-frame.js';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

// Written by hand from the definition: u8 version, u8 kind, u16 stream, u32 seq, u32 n, f64 t0, then float32.
const withT0 = '01 01 0201 04030201 02000000 000000000000F83F 0000803F 000000C0 0000003F 0000C07F';
const withTimes =
  '01 01 0700 01000000 02000000 000000000000F87F 000000000000F03F 0000000000000040 0000803F 00004040';

describe('binary frames', () => {
  it('reads literal bytes with t0', () => {
    const frame = decodeSamples(bytes(withT0), 2);
    expect(frame).toEqual({
      stream: 0x0102,
      seq: 0x01020304,
      t0: 1.5,
      times: null,
      data: Float32Array.of(1, -2, 0.5, Number.NaN),
    });
  });

  it('reads literal bytes with stamps', () => {
    const frame = decodeSamples(bytes(withTimes), 1);
    expect(frame).toEqual({
      stream: 7,
      seq: 1,
      t0: Number.NaN,
      times: Float64Array.of(1, 2),
      data: Float32Array.of(1, 3),
    });
  });

  it('writes the same bytes', () => {
    expect(encodeSamples(decodeSamples(bytes(withT0), 2), 2)).toEqual(bytes(withT0));
    expect(encodeSamples(decodeSamples(bytes(withTimes), 1), 1)).toEqual(bytes(withTimes));
  });

  it('gives back what it was given', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff }),
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.double({ noNaN: true }), { maxLength: 20 }),
        fc.boolean(),
        (stream, seq, channels, stamps, stamped) => {
          const data = Float32Array.from({ length: stamps.length * channels }, (_, i) => i / 3);
          const times = stamped ? Float64Array.from(stamps) : null;
          const t0 = stamped ? Number.NaN : 12.25;
          const frame = { stream, seq, t0, times, data };
          expect(decodeSamples(encodeSamples(frame, channels), channels)).toEqual(frame);
        },
      ),
    );
  });

  it.each([
    ['binary-malformed', '01 01 00'],
    ['binary-version', withT0.replace('01', '02')],
    ['binary-kind', withT0.replace('01 01', '01 09')],
    ['binary-malformed', `${withT0} 00`],
    ['binary-malformed', withT0.replace('02000000', 'FFFFFFFF')],
  ])('refuses with %s: %s', (code, hex) => {
    expect(() => decodeSamples(bytes(hex), 2)).toThrow(expect.objectContaining({ code }));
  });

  it('never throws anything but coded errors on garbage', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 1, max: 4 }), (garbage, channels) => {
        try {
          decodeHeader(garbage);
          decodeSamples(garbage, channels);
        } catch (error) {
          expect(error).toMatchObject({ name: 'ProtocolError' });
        }
      }),
    );
  });

  it('does not write what does not fit', () => {
    const frame = { stream: 1, seq: 0, t0: 0, times: null, data: new Float32Array(3) };
    expect(() => encodeSamples(frame, 2)).toThrow(RangeError);
    expect(() => encodeSamples({ ...frame, times: new Float64Array(2) }, 1)).toThrow(RangeError);
    expect(() => encodeSamples({ ...frame, t0: Number.NaN }, 1)).toThrow(RangeError);
  });
});
