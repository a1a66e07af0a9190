import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import type { Example } from '../../../src/learn/examples/example.js';
import { calibrate } from '../../../src/learn/fit/calibrate.js';
import { type IntervalReport, intervalReport } from '../../../src/learn/fit/interval-report.js';
import type { Executable } from '../../../src/model/engines/engine.js';
import type { Manifest } from '../../../src/model/manifest.js';
import { bindModel } from '../../../src/model/networks/definition.js';
import { prnet } from '../../../src/model/networks/prnet.js';
import { inputSpec } from '../../model/engines/reference-model.js';
import { anExample } from './an-example.js';

const inputs = [inputSpec('left', [1]), inputSpec('right', [1])].map((own) => ({ ...own, with_mask: true }));
const model = bindModel(prnet, prnet.settings.parse({ heads: ['valence', 'arousal'] }), inputs);

/** Says of both dimensions the mean of what is measured. Values and masks of each input lie side by side. */
const executable: Executable = {
  async run({ size, inputs: values }) {
    const heads = new Float32Array(2 * size);
    for (let row = 0; row < size; row++) {
      const rows = ['left', 'right'].map((name) => values.get(name)!.subarray(2 * row, 2 * row + 2));
      const measured = rows.filter(([, mask]) => mask === 1);
      const mean = measured.reduce((sum, [value]) => sum + value, 0) / Math.max(1, measured.length);
      heads.set([mean, mean], 2 * row);
    }
    const none = new Float32Array();
    return { heads, weights: none, routing: none, classes: none, ranking: none };
  },
  async dispose() {},
};

/** Two sensors that each show valence through noise, and never arousal; far from 0 they are noisier. */
function people(name: string, count: number): Example[] {
  const normal = new Random(name.length * 31 + count).gaussian;
  return Array.from({ length: count }, (_, person) =>
    Array.from({ length: 40 }, (_, i): Example => {
      const valence = Math.max(-1, Math.min(1, 0.5 * normal()));
      const noise = 0.05 + 0.3 * Math.abs(valence);
      const frame = [0, 1].map(() => ({
        values: Float32Array.of(valence + noise * normal()),
        mask: Uint8Array.of(1),
        present: true,
      }));
      const window = [4 * i, 4 * i + 4] as const;
      return anExample({ person: `${name}-${person}`, window, valence, arousal: 0.5 * normal(), frame });
    }),
  ).flat();
}

describe('intervalReport', () => {
  let report: IntervalReport;
  let calibrated: Awaited<ReturnType<typeof calibrate>>;
  beforeAll(async () => {
    const groups = { train: people('t', 5), validation: people('vv', 10), calibration: people('ccc', 99) };
    calibrated = await calibrate(model, executable, groups, 0.9, 1);
    const { calibration, skill } = calibrated;
    const manifest = { inputs, calibration, skill } as unknown as Manifest;
    report = (await intervalReport({ manifest, model }, executable, people('uuuu', 200)))!;
  });

  it('holds what it says for each set of sensors, apart, and tells where the model abstains', () => {
    expect(Object.keys(report.sets)).toEqual(['left', 'right', 'left+right']);
    expect(calibrated.skill).toEqual({ left: ['valence'], right: ['valence'], 'left+right': ['valence'] });
    for (const { valence, arousal } of Object.values(report.sets)) {
      expect(valence).toMatchObject({ people: 200, told: true });
      expect(arousal!.told).toBe(false);
      for (const { covered, standard_error, worst_tenth } of [valence!, arousal!]) {
        expect(Math.abs(covered - 0.9)).toBeLessThan(0.02);
        expect(standard_error).toBeLessThan(0.005);
        expect(worst_tenth).toBeLessThan(covered);
      }
    }
    expect(report.sets.left.valence!.half_width).toBeGreaterThan(
      report.sets['left+right'].valence!.half_width,
    );
  });

  it('is wider where errors are larger, and knows where that says nothing', () => {
    expect(report.reaction.valence!.lower_bound).toBeGreaterThan(0.1);
    expect(report.reaction.valence!.rank_correlation).toBeGreaterThan(report.reaction.valence!.lower_bound);
  });

  it('tells what is held where what is missing depends on the label', () => {
    expect(report.tied.by).toBe('arousal');
    const { people: count, covered } = report.tied.figures.valence!;
    expect(count).toBe(200);
    expect(Math.abs(covered - 0.9)).toBeLessThan(0.03);
  });

  it('places intervals where labels are once there are people to tell it, and leaves more of them at 0', async () => {
    const groups = { train: people('t', 5), validation: people('v', 60), calibration: people('ccc', 99) };
    const placed = await calibrate(model, executable, groups, 0.9, 1);
    for (const own of Object.values(placed.calibration!.middle!)) expect(own.valence).toBeLessThan(1);
    for (const own of Object.values(placed.calibration!.neutral!)) expect(own.valence).toBeGreaterThan(0);
    const manifest = { inputs, calibration: placed.calibration, skill: placed.skill } as unknown as Manifest;
    const told = (await intervalReport({ manifest, model }, executable, people('uuuu', 200)))!;
    for (const [set, { valence }] of Object.entries(told.sets)) {
      expect(Math.abs(valence!.covered - 0.9)).toBeLessThan(0.02);
      expect(valence!.thirds[1]).toBeGreaterThan(report.sets[set].valence!.thirds[1]);
    }
  });

  it('is null without intervals', async () => {
    const manifest = { inputs, calibration: null } as unknown as Manifest;
    expect(await intervalReport({ manifest, model }, executable, people('u', 2))).toBeNull();
  });
});
