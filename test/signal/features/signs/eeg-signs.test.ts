import { describe, expect, it } from 'vitest';
import { EegSigns } from '../../../../src/signal/features/signs/eeg-signs.js';
import { LEAST_S } from '../../../../src/signal/features/signs/signs.js';
import { headMixings, type UnwornHeadOptions, unwornHead } from '../../../../src/simulation/unworn.js';
import { changed, type Fed, unworn, verdicts, worn } from './fed.js';

const labels = ['AF3', 'F7', 'P7', 'O1', 'O2', 'P8'];
const head = (options: Partial<UnwornHeadOptions>): Fed =>
  unworn(
    unwornHead({
      seed: 1,
      duration_s: 40,
      labels,
      sfreq: 128,
      exponent: 1,
      mixing: 'independent',
      rms_uv: 10,
      filtered: false,
      ...options,
    }),
  );
const verdictsOf = (fed: Fed) => verdicts(new EegSigns(fed.info), fed);

describe('in noise', () => {
  it('both statistics are 1 on average, whatever its colour, mixture, rate and filter', () => {
    const runs = [128, 200, 500].flatMap((sfreq) =>
      headMixings.flatMap((mixing, m) =>
        [0, 2].map((exponent) => {
          const fed = head({ seed: m, sfreq, mixing, exponent, filtered: exponent > 0 });
          const signs = new EegSigns(fed.info);
          for (const chunk of fed.chunks) signs.push(chunk);
          return signs.statistics!;
        }),
      ),
    );
    const mean = (of: (run: (typeof runs)[number]) => number) =>
      runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
    expect(mean(({ relief }) => relief)).toBeGreaterThan(0.85);
    expect(mean(({ relief }) => relief)).toBeLessThan(1.15);
    expect(mean(({ swing }) => swing)).toBeGreaterThan(0.85);
    expect(mean(({ swing }) => swing)).toBeLessThan(1.15);
  });

  it('tells it from 12 s on, and nothing before', () => {
    for (const exponent of [0, 0.5, 1, 1.5, 2]) {
      const said = verdictsOf(head({ exponent, mixing: 'near' }));
      expect(said.slice(0, LEAST_S - 1)).toEqual(new Array(LEAST_S - 1).fill(Number.NaN));
      expect(said.slice(LEAST_S)).toEqual(new Array(40 - LEAST_S).fill(0));
    }
  });

  it('does not take mains, an offset or 30 times the size for a head', () => {
    expect(verdictsOf(head({ exponent: 0, rms_uv: 1, mains_uv: 50 })).at(-1)).toBe(0);
    expect(verdictsOf(changed(head({}), (x) => 30 * x - 2e5)).at(-1)).toBe(0);
  });

  it('takes what swings for a head: blinks, muscles and movement come and go', () => {
    const restless = changed(head({}), (x, t) => x * (t % 7 < 2 ? 6 : 1));
    expect(verdictsOf(restless).at(-1)).toBe(1);
  });
});

describe('on a head', () => {
  it('sees its rhythms, with four electrodes and with more, from 12 s on', () => {
    for (const profile of ['muse', 'epoc'] as const) {
      const said = verdictsOf(worn('eeg', 40, { profile }));
      expect(said.slice(0, LEAST_S - 1)).toEqual(new Array(LEAST_S - 1).fill(Number.NaN));
      expect(said.slice(LEAST_S)).toEqual(new Array(40 - LEAST_S).fill(1));
    }
  });

  it('goes by the channels that are there', () => {
    const poor = changed(worn('eeg', 40), (x, t, channel) => (channel > 2 || t % 9 > 8.5 ? Number.NaN : x));
    expect(verdictsOf(poor).at(-1)).toBe(1);
    expect(verdictsOf(changed(poor, () => Number.NaN)).every(Number.isNaN)).toBe(true);
    expect(verdictsOf(changed(poor, () => 5)).every(Number.isNaN)).toBe(true);
  });

  it('follows the headset onto the table and back', () => {
    const [first, second, third] = [worn('eeg', 60), head({ duration_s: 60 }), worn('eeg', 60)];
    const signs = new EegSigns(first.info);
    const said = [first, second, third].map(({ chunks }) =>
      chunks.map((chunk) => {
        signs.push({ ...chunk, info: first.info, data: padded(chunk.data, first.info.channels.length) });
        return signs.verdict();
      }),
    );
    expect(said.map((part) => part.at(-1))).toEqual([1, 0, 1]);
  });
});

it('says nothing of what is sampled too slowly', () => {
  expect(verdictsOf(head({ sfreq: 64 })).every(Number.isNaN)).toBe(true);
});

/** As many channels as the headset has: the first ones again. */
function padded(data: Float64Array, channels: number): Float64Array {
  return Float64Array.from({ length: channels * 128 }, (_, i) => data[i % data.length]);
}
