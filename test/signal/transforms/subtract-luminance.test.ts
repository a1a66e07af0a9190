import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/eye/luminance.json' with { type: 'json' };
import { Random } from '../../../src/core/random.js';
import { type Chunk, channelOf } from '../../../src/core/signal.js';
import { lightAdaptedPupil_mm } from '../../../src/signal/dsp/watson-yellott.js';
import { subtractLuminance } from '../../../src/signal/transforms/subtract-luminance.js';
import { assertChunkInvariant, cutChunk } from '../../../src/testing/chunk-invariance.js';
import { chunkOf } from '../../../src/testing/stream-fixtures.js';
import { streamWith } from '../features/extractor-runs.js';

const create = (params: Record<string, unknown> = {}) =>
  subtractLuminance.create(subtractLuminance.params.parse(params));
const infoOf = (unit: string, sfreq: number) =>
  streamWith('Gaze', sfreq, [
    ['x', 'deg'],
    ['y', 'deg'],
    ['left_pupil', unit],
    ['luminance', 'cd/m2'],
  ]);

function corrected(params: Record<string, unknown>, chunks: readonly Chunk[]): Float64Array {
  const processor = create(params);
  processor.reset(chunks[0].info, 'start');
  const out: number[] = [];
  for (const chunk of chunks) processor.process(chunk, (c) => out.push(...channelOf(c, 2)));
  return Float64Array.from(out);
}

const meanOf = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
function spreadOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((x) => (x - mean) * (x - mean))));
}
function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [meanOf(a), meanOf(b)];
  return meanOf(a.map((x, i) => (x - ma) * (b[i] - mb))) / (spreadOf(a) * spreadOf(b));
}

describe('subtract-luminance', () => {
  const { sfreq_hz, calibration_s, half_life_s, field_deg2, age_years, luminance, pupil, at } = reference;
  const params = { calibration_s, half_life_s, field_deg2, age_years };
  const still = pupil.map(() => 0);
  const chunkIn = (unit: string) => chunkOf(infoOf(unit, sfreq_hz), [still, still, pupil, luminance], 0);

  it.each(['mm', 'area'] as const)("equals numpy's regression of a pupil in %s", (unit) => {
    const own = corrected(params, [chunkIn(unit === 'mm' ? 'mm' : '')]);
    for (const [k, i] of at.entries())
      expect(Math.abs(own[i] - reference.corrected[unit][k]), String(i)).toBeLessThan(1e-9);
  });

  it('masks the pupil until it is calibrated and leaves the other channels as they are', () => {
    const chunk = chunkIn('mm');
    const own = corrected(params, [chunk]);
    const first = calibration_s * sfreq_hz;
    expect(own.slice(0, first).every(Number.isNaN)).toBe(true);
    expect(own.slice(first).some(Number.isNaN)).toBe(false);
    const processor = create(params);
    processor.reset(chunk.info, 'start');
    processor.process(chunk, (out) => {
      for (const c of [0, 1, 3]) expect(channelOf(out, c)).toEqual(channelOf(chunk, c));
    });
  });

  it('does not depend on chunks; instances share nothing', () => {
    const chunk = chunkIn('mm');
    assertChunkInvariant(() => create(params), [chunk]);
    const both = [create(params), create(params)];
    for (const processor of both) processor.reset(chunk.info, 'start');
    const out: number[][] = [[], []];
    for (const piece of cutChunk(chunk, [37]))
      for (const [k, processor] of both.entries())
        processor.process(piece, (c) => out[k].push(...channelOf(c, 2)));
    const alone = [...corrected(params, [chunk])];
    expect(out).toEqual([alone, alone]);
  });

  /** A pupil that light drives with a delay and a low-pass, and arousal on top. */
  function driven(seconds: number, sfreq: number) {
    const random = new Random(4, 'luminance');
    const viewing = { field_deg2: 800, age_years: 28.58, eyes: 2 } as const;
    const rows: [light: number[], pupil: number[], arousal: number[]] = [[], [], []];
    const answers: number[] = [];
    let light = 40;
    let reflex = lightAdaptedPupil_mm(light, viewing);
    for (let i = 0; i < seconds * sfreq; i++) {
      if (i % (2 * sfreq) === 0) light = 5 * Math.exp(4 * random.uniform());
      answers.push(lightAdaptedPupil_mm(light, viewing));
      reflex += (answers[Math.max(0, i - Math.round(0.25 * sfreq))] - reflex) / sfreq / 0.15;
      const arousal = Math.sin((2 * Math.PI * i) / (23 * sfreq));
      rows[0].push(light);
      // A person's pupil answers light by less than the formula says.
      rows[1].push(1 + 0.6 * reflex + 0.1 * arousal + 0.01 * random.gaussian());
      rows[2].push(arousal);
    }
    return rows;
  }

  it('leaves what light did not do', () => {
    const [light, size, arousal] = driven(180, 60);
    const own = corrected({}, [chunkOf(infoOf('mm', 60), [light, light, size, light], 0)]);
    const from = 60 * 60;
    const [raw, clean] = [size.slice(from), [...own.slice(from)]];
    expect(correlation(raw, arousal.slice(from))).toBeLessThan(0.4);
    expect(correlation(clean, arousal.slice(from))).toBeGreaterThan(0.6);
    expect(spreadOf(clean)).toBeLessThan(0.5 * spreadOf(raw));
  });

  it('changes nothing where the light stays the same', () => {
    const [, size] = driven(60, 60);
    const constant = size.map(() => 50);
    for (const unit of ['', 'mm']) {
      const own = corrected({ calibration_s: 10 }, [
        chunkOf(infoOf(unit, 60), [size, size, size, constant], 0),
      ]);
      for (let i = 700; i < own.length; i++) expect(own[i]).toBeCloseTo(size[i], 9);
    }
  });

  it('masks what it cannot know: lost pupils, no light yet after a gap', () => {
    const [light, size] = driven(60, 60);
    const lost = (i: number) => i % 600 < 30;
    const spoilt = size.map((v, i) => (lost(i) ? (i % 2 ? 0 : Number.NaN) : v));
    const part = (from: number, to: number) =>
      [light, light, spoilt, light].map((row) => row.slice(from, to));
    const own = corrected({ calibration_s: 10 }, [
      chunkOf(infoOf('mm', 60), part(0, 2400), 0),
      chunkOf(infoOf('mm', 60), part(2400, 3600), 100, true),
    ]);
    for (let i = 700; i < own.length; i++) {
      if (lost(i) || (i >= 2400 && i < 2412)) expect(own[i], String(i)).toBeNaN();
      else if (i < 2400 || i >= 2431) expect(own[i], String(i)).toBeGreaterThan(0);
    }
  });

  it('gives nothing where the luminance never comes', () => {
    const [light, size] = driven(30, 60);
    const none = light.map(() => Number.NaN);
    const own = corrected({ calibration_s: 5 }, [chunkOf(infoOf('mm', 60), [none, none, size, none], 0)]);
    expect(own.every(Number.isNaN)).toBe(true);
  });

  it('begins anew where the clock is set back', () => {
    const [light, size] = driven(40, 60);
    const chunk = (start: number, gap: boolean) =>
      chunkOf(infoOf('mm', 60), [light, light, size, light], start, gap);
    const own = corrected({ calibration_s: 30 }, [chunk(1e6, false), chunk(5, true)]);
    expect(own.slice(1800, 2400).some(Number.isNaN)).toBe(false);
    expect(own.slice(2400 + 31).some(Number.isNaN)).toBe(false);
  });

  it('asks for the luminance in one line', () => {
    expect(() => create().reset(streamWith('Gaze', 60, [['left_pupil', 'mm']]), 'start')).toThrow(
      /luminance/,
    );
  });
});
