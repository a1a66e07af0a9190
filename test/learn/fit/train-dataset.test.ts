import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { train } from '../../../src/learn/fit/train.js';
import { loadManifest } from '../../../src/model/manifest.js';
import { runAffectd } from '../../cli/run-affectd.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';
import { skinPipeline } from './skin-pipeline.js';

const pipeline = skinPipeline('prnet', 'half_life_s: 300, min_s: 4');

const config = (more = '') => `
name: sessions
type: prnet
pipeline: pipeline.yaml
data:
  kind: dataset
  dataset: { kind: xdf-sessions, path: recordings }
  step_s: 1
  labels: { classes_from: { dimension: arousal, above: 0, names: [calm, excited] } }
  shares: { validation: 0.25, calibration: 0.25 }
settings: { hidden: [6], heads: [valence, arousal], classes: [calm, excited], ranking: [arousal] }
clip_sd: 5
fit:
  seed: 1
  epochs: 4
  batch_size: 16
  learning_rate: 0.01
  loss: { mse: 1, cross_entropy: 0.5, ranking: { weight: 0.5, tolerance: 0.1, within_trial: true } }
interval_level: 0.5
validity: { min_present: 1, required: [] }
${more}`;

let directory: string;
const path = () => join(directory, 'train.yaml');
beforeAll(async () => {
  directory = temporaryFolder();
  writeFileSync(join(directory, 'pipeline.yaml'), pipeline);
  mkdirSync(join(directory, 'recordings'));
  for (const person of ['1', '2', '3', '4'])
    await runAffectd([
      'simulate',
      '--seed',
      person,
      '--only',
      'eda,temp',
      '--duration',
      '40',
      '--out',
      join(directory, 'recordings', `sub-${person}.xdf`),
    ]);
});

describe('train on recordings that were simulated', () => {
  it('writes a simulated model without links, and a card that says so', async () => {
    writeFileSync(path(), config());
    const report = await train(path());
    const manifest = await loadManifest(directory);
    expect(manifest).toMatchObject({ simulated: true, links: null });
    expect(Object.keys(manifest.familiarity!)).toEqual(['eda', 'temp']);
    expect(report.windows).toEqual({ train: 74, validation: 37, calibration: 37 });
    expect(report.weights.modalities).toEqual(['eda', 'temp']);
    expect(report.weights.groups.reduce((sum, { windows }) => sum + windows, 0)).toBe(37);
    const card = readFileSync(join(directory, 'CARD.md'), 'utf8');
    expect(card).toContain('This model has never seen a person');
    expect(card).toContain(report.model);
    expect(existsSync(join(directory, 'checkpoint.bin'))).toBe(false);
  });

  it('goes on after the last whole epoch when it was cut off, and ends with the same model', async () => {
    writeFileSync(path(), config());
    const { model } = await train(path());
    rmSync(join(directory, 'manifest.json'));
    const cut = (line: string): void => {
      if (line.startsWith('epoch 2')) throw new Error('cut');
    };
    await expect(train(path(), { progress: cut })).rejects.toThrow('cut');
    expect(existsSync(join(directory, 'manifest.json'))).toBe(false);
    const lines: string[] = [];
    const resumed = await train(path(), { progress: (line) => lines.push(line) });
    expect(lines).toContain('going on after epoch 2');
    expect(lines.some((line) => line.startsWith('epoch 1:'))).toBe(false);
    expect(resumed.model).toBe(model);
  });

  it('does not replace a model of another name, and writes elsewhere if told to', async () => {
    writeFileSync(path(), config());
    const { model } = await train(path());
    const manifest = readFileSync(join(directory, 'manifest.json'), 'utf8');
    const second = join(directory, 'second.yaml');
    writeFileSync(second, config().replace('name: sessions', 'name: second'));
    await expect(train(second)).rejects.toMatchObject({
      code: 'training-overwrite',
      message: `${join(directory, 'manifest.json')}: this is the model sessions, which second would replace; name another folder with --out`,
    });
    expect(readFileSync(join(directory, 'manifest.json'), 'utf8')).toBe(manifest);
    const out = join(directory, 'models', 'second');
    await train(second, { out });
    expect(readdirSync(out).sort()).toEqual([
      'CARD.md',
      'manifest.json',
      'model.onnx',
      'report.json',
      'weights.bin',
    ]);
    // The same again is what a second run is for.
    expect((await train(path())).model).toBe(model);
  });

  it('trains High and Low of several dimensions at once', async () => {
    const sides = config()
      .replace('heads: [valence, arousal]', 'heads: [valence, arousal], binary_heads: true')
      .replace('mse: 1', 'binary_cross_entropy: 1');
    writeFileSync(path(), sides);
    const { calibration, history } = await train(path());
    expect(calibration).toBeNull();
    expect(history.at(-1)!.terms.binary_cross_entropy).toBeLessThan(history[0].terms.binary_cross_entropy);
    expect(readFileSync(join(directory, 'CARD.md'), 'utf8')).toContain(
      'valence, arousal (High or Low: twice the probability of High, less 1)',
    );
    writeFileSync(path(), config().replace('mse: 1', 'binary_cross_entropy: 1'));
    await expect(train(path())).rejects.toThrow(
      'fit.loss.binary_cross_entropy: the model’s heads tell values',
    );
  });

  it('ends with the same model where the examples do not fit into memory, resumed or not', async () => {
    writeFileSync(path(), config());
    const { model } = await train(path());
    const lines: string[] = [];
    // Less than any person's file.
    const bounded = { memory: 2000, progress: (line: string) => void lines.push(line) };
    expect((await train(path(), bounded)).model).toBe(model);
    expect(lines.some((line) => line.includes('are read from disk'))).toBe(true);
    const stop = new AbortController();
    const stopping = (line: string): void => {
      if (line.startsWith('epoch 1')) stop.abort('SIGINT');
    };
    await expect(train(path(), { ...bounded, signal: stop.signal, progress: stopping })).rejects.toBe(
      'SIGINT',
    );
    lines.length = 0;
    expect((await train(path(), bounded)).model).toBe(model);
    expect(lines).toContain('going on after epoch 2');
  });

  it.each([
    [
      'settings: { hidden: [6], heads: [valence], classes: [excited, calm], ranking: [arousal] }',
      /settings.classes: the data have calm, excited/,
    ],
    ['settings: { hidden: [6], heads: [valence] }', /fit.loss.cross_entropy: the model has no classes/],
  ])('refuses %s in one line', async (settings, message) => {
    writeFileSync(path(), config().replace(/^settings: .*$/m, settings));
    await expect(train(path())).rejects.toThrow(message);
  });
});
