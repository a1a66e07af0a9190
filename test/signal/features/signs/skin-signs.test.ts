import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import { SkinSigns } from '../../../../src/signal/features/signs/skin-signs.js';
import { unwornWrist } from '../../../../src/simulation/unworn.js';
import { changed, type Fed, made, unworn, verdicts, worn } from './fed.js';

const verdictsOf = (fed: Fed) => verdicts(new SkinSigns(fed.info), fed);
const share = (said: readonly number[], of: number) =>
  said.slice(20).filter((x) => Object.is(x, of)).length / (said.length - 20);

describe('skin conductance', () => {
  it('with responses is that of skin', () => {
    expect(share(verdictsOf(worn('eda', 120)), 1)).toBeGreaterThan(0.9);
  });

  it('that walks at random is none, at the rate of a wristband and of an amplifier', () => {
    const mug = unworn(unwornWrist({ seed: 1, duration_s: 300, on: 'mug' })[1]);
    expect(share(verdictsOf(mug), 0)).toBeGreaterThan(0.9);
    expect(share(verdictsOf(mug), 1)).toBe(0);
    const random = new Random(1);
    let level = 4;
    const quick = made('EDA', 128, 300, () => (level += 0.002 * random.gaussian()), 'uS');
    expect(share(verdictsOf(quick), 0)).toBeGreaterThan(0.9);
  });

  it('that is level with measuring errors may be skin that does not respond, or a table', () => {
    const random = new Random(2);
    const level = made('EDA', 4, 120, () => 0.15 + 0.002 * random.gaussian(), 'uS');
    expect(share(verdictsOf(level), Number.NaN)).toBe(1);
  });

  it('that is smooth says nothing without responses; missing and constant ones say nothing', () => {
    expect(verdictsOf(made('EDA', 32, 60, (t) => 4 + Math.sin(t / 9), 'uS')).every((x) => x !== 0)).toBe(
      true,
    );
    const person = worn('eda', 60);
    for (const x of [Number.NaN, 3])
      expect(verdictsOf(changed(person, () => x)).every(Number.isNaN)).toBe(true);
  });

  it('in a unit that is not known says nothing', () => {
    const { info, chunks } = worn('eda', 60);
    const unknown = { ...info, channels: info.channels.map((channel) => ({ ...channel, unit: '' })) };
    expect(verdicts(new SkinSigns(unknown), { info: unknown, chunks }).every(Number.isNaN)).toBe(true);
  });
});
