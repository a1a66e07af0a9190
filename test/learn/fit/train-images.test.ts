import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadExamples } from '../../../src/learn/examples/example-set.js';
import { loadedFrames } from '../../../src/learn/examples/frame-loader.js';
import { train } from '../../../src/learn/fit/train.js';
import { createInference } from '../../../src/model/engines/inference.js';
import { createOnnxEngine } from '../../../src/model/engines/onnx.js';
import { readModel } from '../../../src/model/manifest.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';

const dataset = { kind: 'simulated-faces', seed: 'train', images: { training: 24, validation: 8 }, size: 16 };

function configured(changed: object = {}): string {
  const directory = temporaryFolder();
  const path = join(directory, 'train.yaml');
  const config = {
    name: 'faces',
    type: 'prnet-image',
    data: { kind: 'dataset', dataset, people: ['training'], shares: { validation: 0, calibration: 0 } },
    settings: { stages: [4, 4], features: 8, heads: ['valence', 'arousal'], ranking: ['valence'] },
    clip_sd: null,
    fit: {
      seed: 1,
      epochs: 2,
      batch_size: 8,
      learning_rate: 0.003,
      keep: 'last',
      augmentation: { rotation_deg: 10, flip: true },
      loss: { mse: 1, ranking: { weight: 1, tolerance: 0.15 } },
    },
    interval_level: 0.9,
    validity: { min_present: 1, required: [] },
    ...changed,
  };
  // JSON is YAML.
  writeFileSync(path, JSON.stringify(config));
  return path;
}

it('trains a model of images without a pipeline, which every engine then loads', async () => {
  const path = configured();
  const report = await train(path, { trainingEngine: 'wasm' });
  expect(report).toMatchObject({
    pipeline: null,
    windows: { train: 24, validation: 0, calibration: 0 },
    calibration: null,
  });
  expect(report.history).toHaveLength(2);
  const loaded = await readModel(join(path, '..'));
  expect(loaded.manifest.simulated).toBe(true);
  expect(loaded.manifest.familiarity).toBeUndefined();
  expect(loaded.manifest.inputs[0]).toMatchObject({ kind: 'image', name: 'face', height: 16, width: 16 });
  // Loading checks the probe, which is a real image.
  const inference = await createInference(loaded, await createOnnxEngine());
  const { examples } = await loadExamples(
    { dataset, step_s: 1, labels: { shift_s: 0 } },
    { pipeline: null, directory: '/' },
  );
  const [first, second] = await inference.predict(await loadedFrames(examples.slice(0, 2)));
  await inference.dispose();
  expect(Number.isFinite(first.valence! + first.arousal!)).toBe(true);
  expect(first.valence).not.toBe(second.valence);
  expect(first.ranking!.valence.first).toHaveLength(3);
  expect(readFileSync(join(path, '..', 'CARD.md'), 'utf8')).toContain('no pipeline serves them');
});

it('gives the same model again, images altered or not', async () => {
  const model = async () => (await train(configured(), { trainingEngine: 'wasm' })).model;
  expect(await model()).toBe(await model());
});

it('is refused in one line where the engine can’t hold the network, before an image is drawn', async () => {
  const settings = { heads: ['valence'] };
  const large = configured({
    data: {
      kind: 'dataset',
      dataset: { ...dataset, size: 96 },
      people: ['training'],
      shares: { validation: 0, calibration: 0 },
    },
    settings,
  });
  const fit = JSON.parse(readFileSync(large, 'utf8')).fit;
  const path = configured({
    ...JSON.parse(readFileSync(large, 'utf8')),
    fit: { ...fit, batch_size: 128, loss: { mse: 1 } },
  });
  await expect(train(path, { trainingEngine: 'wasm' })).rejects.toMatchObject({
    code: 'training-invalid',
    message: expect.stringMatching(/on batches of 128 takes \d+\.\d GB, and the engine wasm has 4\.3/),
  });
});

it('asks for a pipeline where the data are no images', async () => {
  const features = {
    kind: 'simulated-features',
    seed: 'x',
    people: 2,
    trials: 2,
    windows: 2,
    labels: { kind: 'dimensions', dimensions: ['valence'] },
    modalities: { eeg: { features: 2 } },
  };
  const path = configured({
    type: 'prnet',
    settings: { heads: ['valence'] },
    data: { kind: 'dataset', dataset: features, shares: { validation: 0, calibration: 0 } },
  });
  await expect(train(path)).rejects.toThrow('pipeline: missing');
});
