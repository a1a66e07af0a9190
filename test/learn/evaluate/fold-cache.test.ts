import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadEvaluateConfig } from '../../../src/learn/evaluate/evaluate-config.js';
import { dataDigest, FoldCache } from '../../../src/learn/evaluate/fold-cache.js';
import type { EvaluationData, FoldOutcome, FoldTask } from '../../../src/learn/evaluate/fold-task.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';
import { anExample } from '../fit/an-example.js';
import { configFile, tiny } from './tiny.js';

const [learner, other] = (await loadEvaluateConfig(configFile(tiny).path)).models;
const task: FoldTask = {
  learner,
  seed: 1,
  fold: { name: 'f', train: [0, 1], validation: [2], test: [3] },
  sweeps: {},
  alone: [],
};
const outcome: FoldOutcome = {
  heads: ['valence'],
  classes: [],
  modalities: ['eeg'],
  history: [{ epoch: 1, loss: 0.5, terms: { mse: 0.5 }, validation: Number.NaN, watched: null }],
  chosen: { configuration: null, epoch: 1 },
  outputs: {
    heads: Float32Array.of(0.25),
    classes: new Float32Array(),
    modalities: Float32Array.of(1),
    routing: new Float32Array(),
  },
  missing: [],
  asynchrony: [],
  alone: [],
};

describe('FoldCache', () => {
  const directory = temporaryFolder();
  const cache = new FoldCache(directory, { data: 'd', version: '1' });

  it('gives back what it kept, NaN too', async () => {
    expect(await cache.find(task)).toBeNull();
    await cache.keep(task, outcome);
    expect(await cache.find(task)).toEqual(outcome);
  });

  it('knows a model by what it is, not by its name', async () => {
    expect(await cache.find({ ...task, learner: { ...learner, name: 'renamed' } })).toEqual(outcome);
  });

  it.each<[string, Partial<FoldTask>]>([
    ['seed', { seed: 2 }],
    ['model', { learner: other }],
    ['training part', { fold: { ...task.fold, train: [0] } }],
    ['test part', { fold: { ...task.fold, test: [3, 4] } }],
    ['set of modalities', { alone: [['eye']] }],
    ['sweep', { sweeps: { missing: { rates: [0], burst_windows: 4, train: 'once' } } }],
  ])('takes another %s for another task', async (_, change) => {
    expect(await cache.find({ ...task, ...change })).toBeNull();
  });

  it('takes nothing from other data or another version', async () => {
    expect(await new FoldCache(directory, { data: 'e', version: '1' }).find(task)).toBeNull();
    expect(await new FoldCache(directory, { data: 'd', version: '2' }).find(task)).toBeNull();
  });

  it('computes anew what cannot be read', async () => {
    const [file] = readdirSync(directory);
    truncateSync(join(directory, file), 20);
    expect(await cache.find(task)).toBeNull();
  });
});

describe('dataDigest', () => {
  const frame = [{ values: Float32Array.of(1, 2), mask: Uint8Array.of(1, 1), present: true }];
  const label = { targets: { valence: 0.5 }, class: null };
  const data = (change: object): EvaluationData => ({
    examples: [anExample({ frame, label, ...change })],
    inputs: new Map(),
    classes: [],
    dimensions: ['valence'],
    hop_s: 2,
  });

  it('changes with anything that a model could see', () => {
    const digests = [
      {},
      { person: 'q' },
      { since_start: 4 },
      { since_onset: 4 },
      { file: 1 },
      { label: { targets: { valence: 0.25 }, class: null } },
      { frame: [{ ...frame[0], present: false }] },
      { frame: [{ ...frame[0], mask: Uint8Array.of(1, 0) }] },
      { frame: [{ ...frame[0], values: Float32Array.of(1, 3) }] },
    ].map((change) => dataDigest(data(change)));
    expect(new Set(digests).size).toBe(9);
    expect(dataDigest(data({}))).toBe(digests[0]);
  });
});
