import { describe, expect, it } from 'vitest';
import { chooseFoldEngine } from '../../../src/learn/evaluate/choose-fold-engine.js';
import { loadEvaluateConfig } from '../../../src/learn/evaluate/evaluate-config.js';
import { loadExamples } from '../../../src/learn/examples/example-set.js';
import { configFile } from './tiny.js';

const faces = (settings: object, fit: object = {}, dataset: object = {}) => ({
  name: 'faces',
  summary: 'Drawn faces.',
  data: {
    dataset: {
      kind: 'simulated-faces',
      seed: 'faces',
      images: { training: 4, validation: 4 },
      size: 96,
      ...dataset,
    },
  },
  splits: [{ kind: 'given', test: ['validation'] }],
  validation: 'none',
  models: [
    {
      name: 'PRNet',
      type: 'prnet-image',
      settings: { heads: ['valence'], ...settings },
      fit: { epochs: 1, batch_size: 128, learning_rate: 0.001, keep: 'last', loss: { mse: 1 }, ...fit },
    },
  ],
});

async function choose(config: object, engine?: 'wasm') {
  const { path } = configFile(config);
  const { config: loaded, models, directory } = await loadEvaluateConfig(path);
  const set = await loadExamples(loaded.data, { pipeline: null, directory });
  const lines: string[] = [];
  const chosen = await chooseFoldEngine(path, models, set, {
    ...(engine && { engine }),
    progress: (line) => lines.push(line),
  });
  return { chosen, lines };
}

describe('the engine of an evaluation', () => {
  it('is one for all folds where the data are images, and tells of epochs', async () => {
    const { chosen, lines } = await choose(
      faces({ stages: [4, 4, 4], features: 8 }, { batch_size: 8 }),
      'wasm',
    );
    expect(lines).toEqual(['training with wasm']);
    const terms = { mse: 1 };
    chosen!.epoch!({ epoch: 1, loss: 0.5, terms, validation: Number.NaN, watched: null }, 4);
    expect(lines[1]).toBe('epoch 1 of 4: loss 0.5000');
  });

  it('is refused with its name and the mend where its memory can’t hold the network, before an image is drawn', async () => {
    await expect(choose(faces({}), 'wasm')).rejects.toMatchObject({
      code: 'evaluation-invalid',
      message: expect.stringMatching(
        /model PRNet: training prnet-image on batches of 128 takes \d+\.\d GB, and the engine wasm has 4\.3: .*--engine/,
      ),
    });
  });

  it('is every thread’s own where there are features and none was asked for', async () => {
    const features = {
      ...faces({}),
      data: {
        dataset: {
          kind: 'simulated-features',
          seed: 'x',
          people: 2,
          trials: 2,
          windows: 2,
          labels: { kind: 'dimensions', dimensions: ['valence'] },
          modalities: { eeg: { features: 2 } },
        },
      },
    };
    expect((await choose(features)).chosen).toBeUndefined();
    expect((await choose(features, 'wasm')).chosen).toBeUndefined();
  });
});
