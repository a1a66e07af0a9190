import { describe, expect, it } from 'vitest';
import { agreement } from '../../../src/core/agreement.js';
import type { Dataset, ImageTrial } from '../../../src/learn/datasets/dataset.js';
import type { Example } from '../../../src/learn/examples/example.js';
import { loadExamples } from '../../../src/learn/examples/example-set.js';
import { imageExamples } from '../../../src/learn/examples/image-examples.js';
import { standardisedInputs } from '../../../src/learn/examples/standardise.js';
import { fitModel } from '../../../src/learn/fit/fit.js';
import { fitSettings } from '../../../src/learn/fit/fit-settings.js';
import { columnOf, predictExamples } from '../../../src/learn/fit/predicting.js';
import { rankAgreement } from '../../../src/learn/fit/rank-agreement.js';
import { trainingExecutable } from '../../../src/model/engines/differentiable.js';
import { loadTfjsWasm } from '../../../src/model/engines/tfjs-wasm.js';
import { bindModel } from '../../../src/model/networks/definition.js';
import { prnetImage } from '../../../src/model/networks/prnet-image.js';

/** Images of 2 x 2 that count how often they are read. */
function dataset(count: number, reads: string[]): Dataset {
  const image = (position: number): ImageTrial => ({
    trial: `${position}.png`,
    stimulus: null,
    position,
    label: { targets: { valence: position / 10 }, class: null },
    read: async () => {
      reads.push(`${position}.png`);
      return Uint8Array.from({ length: 12 }, (_, i) => 10 * position + i);
    },
  });
  return {
    name: 'few',
    dimensions: ['valence'],
    classes: null,
    people: ['training'],
    hasImages: true,
    async *recordings(person) {
      yield {
        person,
        session: '1',
        kind: 'images',
        modality: 'face',
        shape: { channels: ['red', 'green', 'blue'], height: 2, width: 2 },
        images: Array.from({ length: count }, (_, i) => image(i)),
      };
    },
  };
}

describe('examples of images', () => {
  it('read an image when its values are loaded, each time, and never before', async () => {
    const reads: string[] = [];
    const { inputs, examples } = await imageExamples(dataset(3, reads), ['training'], (label) => label);
    expect([...inputs]).toEqual([
      [
        'face',
        { kind: 'image', channels: ['red', 'green', 'blue'], height: 2, width: 2, upstream: 'released:few' },
      ],
    ]);
    expect(examples.map(({ person, trial, position }) => [person, trial, position])).toEqual(
      [0, 1, 2].map((i) => ['training', `${i}.png`, i]),
    );
    expect(
      examples.map(({ frame }) => [frame[0].present, [...frame[0].mask], frame[0].values.length]),
    ).toEqual(Array(3).fill([true, [1, 1, 1], 0]));
    const [input] = standardisedInputs(inputs, examples, null, true);
    expect(input.standardisation).toEqual({ mean: [0, 0, 0], sd: [255, 255, 255], clip_sd: null });
    expect(reads).toEqual([]);
    const load = () => examples[1].frame[0].load!();
    expect([...(await load())]).toEqual(Array.from({ length: 12 }, (_, i) => 10 + i));
    await load();
    expect(reads).toEqual(['1.png', '1.png']);
  });

  it('get new labels, and refuse a data set without any', async () => {
    const relabel = () => ({ targets: { arousal: 1 }, class: null });
    const { examples } = await imageExamples(dataset(1, []), ['training'], relabel);
    expect(examples[0].label).toEqual(relabel());
    await expect(imageExamples(dataset(0, []), ['training'], relabel)).rejects.toThrow('no labelled image');
  });
});

describe('PRNet on drawn faces', () => {
  it('learns in a few hundred steps what the faces show, and which of two shows more', {
    timeout: 120_000,
  }, async () => {
    const images = { training: 480, validation: 120 };
    const settings = { kind: 'simulated-faces', seed: 'drawn', images, size: 24 };
    const { inputs, examples } = await loadExamples(
      { dataset: settings, step_s: 1, labels: { shift_s: 0 } },
      { pipeline: null, directory: '/' },
    );
    const of = (list: string): Example[] => examples.filter(({ person }) => person === list);
    const [train, test] = [of('training'), of('validation')];
    const dimensions = ['valence', 'arousal'] as const;
    const specs = standardisedInputs(inputs, train, null, false);
    const model = bindModel(
      prnetImage,
      prnetImage.settings.parse({
        stages: [8, 16, 16],
        features: 32,
        heads: dimensions,
        ranking: dimensions,
      }),
      specs,
    );
    const tolerance = 0.15;
    const fit = fitSettings.parse({
      seed: 3,
      epochs: 10,
      batch_size: 16,
      learning_rate: 0.003,
      warmup_epochs: 0,
      keep: 'last',
      augmentation: { rotation_deg: 5, zoom: 0.05, flip: true, brightness: 0.05, contrast: 0.05 },
      loss: { mse: 1, ranking: { weight: 0.5, tolerance } },
    });
    const tf = await loadTfjsWasm();
    const { parameters, history } = await fitModel(tf, model, { train, validation: [] }, fit);
    expect(history.at(-1)!.loss).toBeLessThan(0.8 * history[0].loss);
    const executable = trainingExecutable(tf, model, parameters);
    const { heads, ranking } = await predictExamples(model, executable, test);
    // At 24 x 24 pixels the eyes can be told in so few steps, the mouth can't.
    const arousal = dimensions.indexOf('arousal');
    const labels = test.map(({ label }) => label.targets.arousal!);
    expect(agreement(columnOf(heads, 2, arousal), labels).ccc).toBeGreaterThan(0.6);
    const scores = test.map((_, i) => {
      const own = [...ranking.subarray(12 * i + 6 * arousal, 12 * i + 6 * (arousal + 1))];
      return { first: own.slice(0, 3), second: own.slice(3) };
    });
    const { accuracy, commonest } = rankAgreement(test, scores, 'arousal', tolerance);
    expect(accuracy).toBeGreaterThan(commonest + 0.1);
  });
});
