import { beforeAll, describe, expect, it } from 'vitest';
import { without } from '../../../src/core/model.js';
import { Random } from '../../../src/core/random.js';
import { type Example, withFrame } from '../../../src/learn/examples/example.js';
import { calibrate, momentsOf, withSet } from '../../../src/learn/fit/calibrate.js';
import { ceilingRow, evaluate, type Predict } from '../../../src/learn/fit/evaluate.js';
import { type FitState, fitModel } from '../../../src/learn/fit/fit.js';
import { type FitSettings, fitSettings } from '../../../src/learn/fit/fit-settings.js';
import { columnOf, largestOf, predictExamples } from '../../../src/learn/fit/predicting.js';
import { TfjsExecutable } from '../../../src/model/engines/tfjs-executable.js';
import type { Tfjs } from '../../../src/model/engines/tfjs-graph.js';
import { loadTfjsWasm } from '../../../src/model/engines/tfjs-wasm.js';
import { boundsOf, onScale } from '../../../src/model/intervals.js';
import { setName } from '../../../src/model/modality-sets.js';
import { bindModel } from '../../../src/model/networks/definition.js';
import { hiMoe } from '../../../src/model/networks/hi-moe.js';
import { prnet } from '../../../src/model/networks/prnet.js';
import { inputSpec } from '../../model/engines/reference-model.js';
import { anExample } from './an-example.js';

let tf: Tfjs;
beforeAll(async () => {
  tf = await loadTfjsWasm();
});

const inputs = [inputSpec('eeg', [4]), inputSpec('eye', [3])].map((input) => ({ ...input, with_mask: true }));
const model = bindModel(
  hiMoe,
  hiMoe.settings.parse({
    width: 12,
    encoders: { eeg: { kind: 'mlp', hidden: 16 }, eye: { kind: 'mlp', hidden: 16 } },
    modality_experts: { count: 2, hidden: 12 },
    emotion_experts: { count: 2, hidden: 12 },
    head_hidden: 8,
    heads: ['valence', 'arousal', 'dominance'],
    activation: 'gelu',
  }),
  inputs,
);

/** People in whom the eyes tell arousal, and the EEG both, each through noise. */
function population(name: string, people: number, windows: number): Example[] {
  const { gaussian: normal } = new Random(people, name);
  return Array.from({ length: people }, (_, person) =>
    Array.from({ length: windows }, (_, i): Example => {
      const [valence, arousal] = [0.5 * normal(), 0.5 * normal()];
      const noisy = (x: number): number => 2 * x + 0.4 * normal();
      const eeg = Float32Array.of(noisy(valence), noisy(valence), noisy(arousal), normal());
      const eye = Float32Array.of(noisy(arousal), noisy(arousal), normal());
      const frame = [
        { values: eeg, mask: Uint8Array.of(1, 1, 1, 1), present: true },
        { values: eye, mask: Uint8Array.of(1, 1, 1), present: true },
      ];
      return anExample({ person: `${name}-${person}`, window: [i, i + 4], valence, arousal, frame });
    }),
  ).flat();
}

const settings: FitSettings = fitSettings.parse({
  seed: 3,
  epochs: 12,
  batch_size: 32,
  learning_rate: 0.01,
  patience_epochs: 12,
  loss: { mse: 1, ccc: 1, alignment: { weight: 0.05, rows: 8 } },
  dropout: { modality: 0.2, channel: 0, noise_sd: 0 },
});

describe('fitModel', () => {
  it('learns what is there to be learnt, and knows which modality tells what', async () => {
    const { parameters, best, history } = await fitModel(
      tf,
      model,
      { train: population('train', 6, 80), validation: population('held', 3, 60) },
      settings,
    );
    expect(history.length).toBeLessThanOrEqual(12);
    expect(best.validation).toBe(Math.min(...history.map(({ validation }) => validation)));
    expect(history.at(-1)!.loss).toBeLessThan(history[0].loss);

    const executable = new TfjsExecutable(tf, model, parameters);
    const test = population('nobody', 4, 100);
    const rows = await evaluate(
      inputs,
      test,
      async (frames) => {
        const { heads } = await predictExamples(
          model,
          executable,
          frames.map((frame) => ({ frame })),
        );
        const [valence, arousal] = [0, 1].map((head) => columnOf(heads, model.heads.length, head));
        return valence.map((v, i) => ({ valence: v, arousal: arousal[i], interval: null }));
      },
      [0, 0.4],
    );
    const [all, thinned, eeg, eye] = rows;
    expect(rows.map(({ name }) => name)).toEqual(['all sensors', '40 % missing', 'eeg alone', 'eye alone']);
    expect(all.valence.ccc).toBeGreaterThan(0.9);
    expect(all.arousal.ccc).toBeGreaterThan(0.9);
    expect(thinned.arousal.ccc).toBeLessThan(all.arousal.ccc);
    expect(eeg.valence.ccc).toBeGreaterThan(0.85);
    expect(eye.arousal.ccc).toBeGreaterThan(0.8);
    expect(Math.abs(eye.valence.ccc)).toBeLessThan(0.2);

    const groups = { train: population('train', 6, 80), validation: population('held', 3, 60) };
    const measured = population('measure', 24, 120);
    const { calibration, skill } = await calibrate(
      model,
      executable,
      { ...groups, calibration: measured },
      0.9,
      1,
    );
    // Nobody rated dominance, and eyes alone say nothing of valence.
    expect(skill).toEqual({
      eeg: ['valence', 'arousal'],
      eye: ['arousal'],
      'eeg+eye': ['valence', 'arousal'],
    });
    const few = { ...groups, calibration: population('few', 5, 20) };
    expect(await calibrate(model, executable, few, 0.9, 1)).toMatchObject({
      calibration: { quantiles: { eye: { valence: null, arousal: null } } },
      skill: undefined,
    });
    // Everybody lacked the eyes: nothing is known of them, nor of what they say together.
    const blind = measured.map((example) => withFrame(example, () => without(example.frame, [false, true])));
    const lacking = await calibrate(model, executable, { ...groups, calibration: blind }, 0.9, 1);
    expect(Object.keys(lacking.calibration!.quantiles)).toEqual(['eeg']);
    expect(lacking.skill).toEqual({ eeg: ['valence', 'arousal'] });
    expect(lacking.calibration!.quantiles.eeg).toEqual(calibration!.quantiles.eeg);

    // What of new people's labels the intervals hold, with each set of sensors, and how wide they are.
    const fresh = population('unknown', 40, 120);
    const held = async (set: readonly boolean[]): Promise<{ covered: number; width: number }> => {
      const examples = withSet(fresh, set);
      const { heads } = await predictExamples(model, executable, examples);
      const moments = momentsOf(model, heads, examples);
      const name = setName(inputs, set);
      const told = columnOf(heads, model.heads.length, model.heads.indexOf('valence'));
      const bounds = moments.map((own, i) => boundsOf(calibration!, 'valence', name, told[i], own)!);
      const inside = bounds.filter(([low, high], i) => {
        const label = onScale(examples[i].label.targets.valence!);
        return low <= label && label <= high;
      });
      const width = bounds.reduce((sum, [low, high]) => sum + high - low, 0) / bounds.length;
      return { covered: inside.length / examples.length, width };
    };
    const [both, onlyEye] = [await held([true, true]), await held([false, true])];
    for (const { covered } of [both, onlyEye, await held([true, false])]) {
      // Of 24 people the level is exceeded by a 25th part.
      expect(covered).toBeGreaterThan(0.9);
      expect(covered).toBeLessThan(0.97);
    }
    expect(onlyEye.width).toBeGreaterThan(2 * both.width);
    await executable.dispose();
  });

  it('gives the same weights for the same seed', async () => {
    const short = { ...settings, epochs: 1 };
    const data = { train: population('train', 3, 40), validation: population('held', 2, 20) };
    const [a, b] = [await fitModel(tf, model, data, short), await fitModel(tf, model, data, short)];
    expect([...a.parameters]).toEqual([...b.parameters]);
  });

  it.each(['adam', 'sgd'] as const)(
    'goes on from a checkpoint to the same weights, with %s',
    async (kind) => {
      const own = fitSettings.parse({
        ...settings,
        epochs: 3,
        optimiser: { kind },
        sequence: { length: 5 },
        loss: { mse: 1, mutual_information: 0.1 },
      });
      const data = { train: population('train', 3, 40), validation: population('held', 2, 20) };
      const kept: FitState[] = [];
      const whole = await fitModel(tf, model, data, own, {
        checkpoint: async (state) => {
          kept.push(structuredClone(state));
        },
      });
      expect(kept).toHaveLength(3);
      for (const resume of kept.slice(0, 2)) {
        const resumed = await fitModel(tf, model, data, own, { resume });
        expect([...resumed.parameters]).toEqual([...whole.parameters]);
        expect(resumed.history).toEqual(whole.history);
      }
    },
  );
});

describe('the epoch that is kept', () => {
  /** Windows of which six features tell the class, one label in five being wrong. */
  function noisyClasses(people: string, windows: number, seed: number): Example[] {
    const { uniform, gaussian: normal } = new Random(seed, people);
    return Array.from({ length: windows }, (_, i): Example => {
      const truth = i % 2;
      const values = Float32Array.from({ length: 30 }, (_, f) => (f < 6 ? 2 * truth - 1 : 0) + normal());
      const frame = [{ values, mask: new Uint8Array(30).fill(1), present: true }];
      const example = anExample({ person: people, window: [i, i + 1], frame });
      return { ...example, label: { targets: {}, class: uniform() < 0.2 ? 1 - truth : truth } };
    });
  }

  it('is not the over-confident one that accuracy would keep', async () => {
    const input = inputSpec('eeg', [30]);
    const settings = prnet.settings.parse({ hidden: [32], classes: ['calm', 'stressed'] });
    const classifier = bindModel(prnet, settings, [{ ...input, with_mask: false }]);
    const held = noisyClasses('held', 200, 5);
    const accuracies: number[] = [];
    const fit = await fitModel(
      tf,
      classifier,
      { train: noisyClasses('train', 60, 5), validation: held },
      fitSettings.parse({
        seed: 1,
        epochs: 12,
        batch_size: 10,
        learning_rate: 0.01,
        schedule: 'constant',
        loss: { cross_entropy: 1 },
        validation_missing: 0,
      }),
      {
        checkpoint: async ({ parameters }) => {
          const executable = new TfjsExecutable(tf, classifier, parameters);
          const { classes } = await predictExamples(classifier, executable, held);
          await executable.dispose();
          const right = largestOf(classes, 2).filter((c, i) => c === held[i].label.class);
          accuracies.push(right.length / held.length);
        },
      },
    );
    const praised = fit.history[accuracies.indexOf(Math.max(...accuracies))];
    expect(fit.best.epoch).toBeLessThan(praised.epoch);
    expect(praised.validation).toBeGreaterThan(1.2 * fit.best.validation);
    expect(fit.best.validation).toBe(Math.min(...fit.history.map(({ validation }) => validation)));
  });
});

describe('ceilingRow', () => {
  it('sees through noise by looking at the windows around', async () => {
    const normal = new Random(8).gaussian;
    /** Slow truth, read with as much noise as signal. */
    const people = (name: string): Example[] =>
      Array.from({ length: 400 }, (_, i): Example => {
        const [valence, arousal] = [0.5 * Math.sin(i / 25), 0.5 * Math.cos(i / 18)];
        const values = Float32Array.of(valence + 0.35 * normal(), arousal + 0.35 * normal());
        const frame = [{ values, mask: Uint8Array.of(1, 1), present: true }];
        return anExample({ person: `${name}${i % 2}`, window: [i, i + 4], valence, arousal, frame });
      });
    const predict: Predict = async (frames) =>
      frames.map(([{ values }]) => ({ valence: values[0], arousal: values[1], interval: null }));
    const tested = people('tested');
    const ceiling = await ceilingRow(1, people('learnt'), tested, predict);
    const [plain] = await evaluate([inputs[0]], tested, predict, [0]);
    expect(plain.valence.ccc).toBeLessThan(0.85);
    expect(ceiling.valence.ccc).toBeGreaterThan(0.93);
    expect(ceiling.arousal.ccc).toBeGreaterThan(0.93);
  });
});
