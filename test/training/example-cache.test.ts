import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExampleCache } from '../../src/training/example-cache.js';
import { exampleSettings, loadExamples } from '../../src/training/example-set.js';
import { anExample } from './an-example.js';

const folder = (): string => mkdtempSync(join(tmpdir(), 'affectd-cache-'));
const frame = [{ values: Float32Array.of(1, 2), mask: Uint8Array.of(1, 0), present: true }];
const examples = [anExample({ person: 'a', frame, valence: 0.5 })];

describe('ExampleCache', () => {
  it('gives back what was kept of a person, for the same basis and files alone', async () => {
    const [cache, data] = [folder(), folder()];
    writeFileSync(join(data, 'a.dat'), 'one');
    const first = await ExampleCache.open(cache, { step_s: 2 }, data);
    expect(await first.find('a')).toBeNull();
    await first.keep('a', examples);
    expect(await first.find('a')).toEqual(examples);
    expect(await first.find('b')).toBeNull();
    expect(await (await ExampleCache.open(cache, { step_s: 2 }, data)).find('a')).toEqual(examples);
    expect(await (await ExampleCache.open(cache, { step_s: 1 }, data)).find('a')).toBeNull();
    writeFileSync(join(data, 'a.dat'), 'other');
    expect(await (await ExampleCache.open(cache, { step_s: 2 }, data)).find('a')).toBeNull();
  });

  it('is empty where its file is damaged', async () => {
    const cache = folder();
    const kept = await ExampleCache.open(cache, null, null);
    await kept.keep('a', examples);
    for (const file of readdirSync(cache)) writeFileSync(join(cache, file), 'half');
    expect(await kept.find('a')).toBeNull();
  });
});

it('loadExamples gives the same with a cache, empty or filled, as without', async () => {
  const settings = exampleSettings.parse({
    dataset: {
      kind: 'simulated-features',
      seed: 'cache',
      people: 3,
      trials: 2,
      windows: 3,
      labels: { kind: 'dimensions', dimensions: ['valence'] },
      modalities: { eeg: { features: 4, missing_rate: 0.2 } },
    },
    labels: { classes_from: { dimension: 'valence' } },
  });
  const cache = folder();
  const load = (cached: string | null, lines: string[] = []) =>
    loadExamples(settings, {
      pipeline: null,
      directory: '.',
      cache: cached,
      progress: (line) => lines.push(line),
    });
  const plain = (await load(null)).examples;
  expect((await load(cache)).examples).toEqual(plain);
  const lines: string[] = [];
  expect((await load(cache, lines)).examples).toEqual(plain);
  expect(lines).toHaveLength(3);
  expect(lines.every((line) => line.endsWith('from the cache'))).toBe(true);
});
