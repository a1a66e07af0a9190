import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseFftPair, fftPairOf } from '../../../src/signal/dsp/choose-fft-pair.js';
import { BandPower } from '../../../src/signal/dsp/periodogram.js';
import { PortableFftPair } from '../../../src/signal/dsp/portable-fft-pair.js';
import { RealFftPair } from '../../../src/signal/dsp/real-fft-pair.js';
import { noise } from '../transforms/signals.js';

/** This runtime with some of it taken away. */
const runtimeWith = (part: Partial<typeof WebAssembly>): typeof WebAssembly => ({
  Memory: WebAssembly.Memory,
  Module: WebAssembly.Module,
  Instance: WebAssembly.Instance,
  validate: WebAssembly.validate,
  ...part,
});
const forbidden = class {
  constructor() {
    throw new Error('Wasm code generation disallowed by embedder');
  }
} as never;

describe('chooseFftPair', () => {
  it('takes the vectors where they run', () => {
    expect(chooseFftPair()(64)).toBeInstanceOf(RealFftPair);
    expect(chooseFftPair(runtimeWith({}))(64)).toBeInstanceOf(RealFftPair);
    expect(fftPairOf(64)).toBeInstanceOf(RealFftPair);
    expect(fftPairOf(64)).toBe(fftPairOf(64));
  });

  it.each([
    ['there is no WebAssembly', null],
    ['there are no vectors', runtimeWith({ validate: () => false })],
    ['no code may be compiled', runtimeWith({ Module: forbidden })],
    ['no code may be instantiated', runtimeWith({ Instance: forbidden })],
  ])('takes fft.js where %s', (_, runtime) => {
    expect(chooseFftPair(runtime)(64)).toBeInstanceOf(PortableFftPair);
  });

  it.each([
    [128, 512],
    [100, 400],
    [250, 1000],
    [500, 2000],
  ])('gives the same band power to 1e-12 either way, at %i Hz', (sfreq, length) => {
    const bands = [
      { low_hz: 1, high_hz: 4 },
      { low_hz: 8, high_hz: 14 },
      { low_hz: 31, high_hz: 50 },
      { low_hz: 0, high_hz: sfreq },
    ];
    const signals = [1, 2].map((seed) => Float64Array.from(noise(length, seed), (x) => 1e4 + 30 * x));
    const powers = [chooseFftPair(), chooseFftPair(null)].map((create) => {
      const out = new Float64Array(2 * bands.length);
      const power = new BandPower(length, sfreq, bands, create);
      power.compute(signals[0], out, 0, signals[1], bands.length);
      return out;
    });
    for (const [i, power] of powers[0].entries())
      expect(Math.abs(powers[1][i] / power - 1)).toBeLessThan(1e-12);
  });

  it('gives the same band power to 1e-9 either way, whatever the length, and beside large offsets', () => {
    const portable = new Map<number, PortableFftPair>();
    const portableOf = (size: number) => {
      const pair = portable.get(size) ?? new PortableFftPair(size);
      portable.set(size, pair);
      return pair;
    };
    fc.assert(
      fc.property(
        fc.integer({ min: 8, max: 1300 }),
        fc.constantFrom(64, 128, 200, 512),
        fc.constantFrom(0, 2e5, -2e5),
        fc.nat(1000),
        (length, sfreq, offset, seed) => {
          const bands = [
            { low_hz: 1, high_hz: 4 },
            { low_hz: 14, high_hz: 31 },
            { low_hz: 31, high_hz: 50 },
          ];
          const signals = [seed, seed + 1].map((own) =>
            Float64Array.from(noise(length, own), (x) => offset + 30 * x),
          );
          const [one, other] = [fftPairOf, portableOf].map((create) => {
            const out = new Float64Array(2 * bands.length);
            new BandPower(length, sfreq, bands, create).compute(signals[0], out, 0, signals[1], bands.length);
            return out;
          });
          for (const [i, power] of one.entries())
            expect(Math.abs(other[i] - power)).toBeLessThanOrEqual(1e-9 * power);
        },
      ),
      { numRuns: 150 },
    );
  });
});
