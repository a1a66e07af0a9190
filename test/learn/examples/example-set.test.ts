import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import { digestOfBytes } from '../../../src/core/digest.js';
import { ExampleFile } from '../../../src/learn/examples/example-file.js';
import {
  defaultMemory,
  exampleSettings,
  type LoadOptions,
  loadExamples,
} from '../../../src/learn/examples/example-set.js';
import { openShared } from '../../../src/learn/examples/stored-examples.js';
import { loadPipeline } from '../../../src/pipeline/file/load.js';
import type { Pipeline } from '../../../src/pipeline/file/pipeline.js';
import { runAffectd } from '../../cli/run-affectd.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';

const isBuilt = existsSync(join(import.meta.dirname, '../../../dist/learn/examples/example-worker.js'));
const people = ['1', '2', '3'];

/** A pipeline of raw windows and features, and a session of each person. */
let directory: string;
let pipeline: Pipeline;
beforeAll(async () => {
  directory = temporaryFolder();
  writeFileSync(
    join(directory, 'pipeline.yaml'),
    `
sources:
  eda: { type: websocket, stream_type: EDA, optional: true }
  temp: { type: websocket, stream_type: TEMP, optional: true }
transforms:
  skin: { type: extract, input: eda, features: [skin-conductance], window_s: 4, hop_s: 1 }
  warmth: { type: window, input: temp, window_s: 4, hop_s: 1 }
models:
  affect: { type: hi-moe, inputs: { eda: skin, temp: warmth }, path: model }
`,
  );
  pipeline = await loadPipeline(join(directory, 'pipeline.yaml'));
  mkdirSync(join(directory, 'recordings'));
  for (const person of people)
    await runAffectd(
      ['simulate', '--seed', person, '--only', 'eda,temp', '--duration', '30', '--out'].concat(
        join(directory, 'recordings', `sub-${person}.xdf`),
      ),
    );
});

const signals = () =>
  exampleSettings.parse({
    dataset: { kind: 'xdf-sessions', path: join(directory, 'recordings') },
    step_s: 1,
  });
const released = (seed = 'set') =>
  exampleSettings.parse({
    dataset: {
      kind: 'simulated-features',
      seed,
      people: 3,
      trials: 2,
      windows: 3,
      labels: { kind: 'dimensions', dimensions: ['valence'] },
      modalities: {
        eeg: { features: 4, missing_rate: 0.2 },
        eye: { features: 2, absent_share: 0.5 },
      },
    },
    labels: { classes_from: { dimension: 'valence' } },
  });

/** What is loaded from `settings`, closed, and what was told meanwhile. */
async function load(settings: ReturnType<typeof signals>, more: Partial<LoadOptions> = {}) {
  const lines: string[] = [];
  const set = await loadExamples(settings, {
    pipeline: settings.dataset.kind === 'xdf-sessions' ? pipeline : null,
    directory,
    progress: (line) => lines.push(line),
    ...more,
  });
  // Frames are read by this.
  const examples = structuredClone(set.examples.map((example) => ({ ...example })));
  const shared = openShared(set.shared!).map((example) => ({ ...example }));
  await set.close();
  return { ...set, examples, shared, lines };
}

/** Digests of the files of examples; what was seen of recordings stands beside them. */
const contents = (cache: string) =>
  new Map(
    readdirSync(cache)
      .filter((file) => ExampleFile.open(join(cache, file)))
      .map((file) => [file, digestOfBytes(readFileSync(join(cache, file)))]),
  );

describe.each([
  ['signals', signals],
  ['released features', released],
])('loadExamples of %s', (kind, settings) => {
  it('gives the same with a cache, empty or filled, as without', async () => {
    const cache = temporaryFolder();
    const plain = await load(settings());
    expect(plain.examples.length).toBeGreaterThan(15);
    expect((await load(settings(), { cache })).examples).toEqual(plain.examples);
    const again = await load(settings(), { cache });
    expect(again.examples).toEqual(plain.examples);
    expect(again.lines).toHaveLength(3);
    expect(again.lines.every((line) => line.endsWith('from the cache'))).toBe(true);
    expect([...again.inputs]).toEqual([...plain.inputs]);
  });

  it('gives the same from the disk, or partly from there, as from memory', async () => {
    const cache = temporaryFolder();
    const plain = await load(settings(), { cache });
    const [one] = readdirSync(cache).flatMap((file) => {
      const { length } = readFileSync(join(cache, file));
      return length > 0 ? [length] : [];
    });
    for (const memory of [0, 1.5 * one]) {
      const own = await load(settings(), { cache, memory });
      expect(own.examples).toEqual(plain.examples);
      expect(own.lines.at(-1)).toMatch(/read from disk/);
      // In another thread, too.
      expect(own.shared).toEqual(plain.examples);
    }
    expect(plain.shared).toEqual(plain.examples);
    expect(plain.lines.some((line) => line.includes('from disk'))).toBe(false);
  });

  it('reads from a temporary folder without a cache, and removes it', async () => {
    const before = readdirSync(tmpdir()).filter((name) => /^affectd-examples-\w{6}$/.test(name));
    const own = await load(settings(), { memory: 0 });
    expect(own.lines.at(-1)).toMatch(/read from disk/);
    const after = readdirSync(tmpdir()).filter((name) => /^affectd-examples-\w{6}$/.test(name));
    expect(after.filter((name) => !before.includes(name))).toEqual([]);
  });

  it.skipIf(!isBuilt)('makes the same files over several threads', async () => {
    const [alone, shared] = [temporaryFolder(), temporaryFolder()];
    const one = await load(settings(), { cache: alone, workers: 1 });
    const two = await load(settings(), { cache: shared, workers: 2, clock: new VirtualClock() });
    expect(two.examples).toEqual(one.examples);
    expect(contents(shared)).toEqual(contents(alone));
    expect(contents(shared).size).toBe(3);
    expect(readdirSync(shared)).toHaveLength(kind === 'signals' ? 6 : 3);
    const told = two.lines.filter((line) => line.includes('windows'));
    expect(told).toHaveLength(3);
    expect(told[0]).toMatch(/^\S+: \d+ windows \(1 of 3 people; about 0 s left\)$/);
    expect(told[2]).toMatch(/\(3 of 3 people\)$/);
  });

  it('says which file is gone where somebody empties the cache meanwhile', async () => {
    const cache = temporaryFolder();
    const clock = new VirtualClock();
    // It is looked at for the time that is left, when a file was made and before it is opened.
    clock.now = () => {
      for (const file of readdirSync(cache)) rmSync(join(cache, file));
      return 0;
    };
    const failure = load(settings(), { cache, clock });
    await expect(failure).rejects.toMatchObject({ code: 'examples-unreadable', exitCode: 3 });
    await expect(failure).rejects.toThrow(
      new RegExp(`^${cache}/\\S+: is gone; run it again, and what is missing is made anew$`),
    );
  });

  it.each([1, ...(isBuilt ? [2] : [])])(
    'stops when it is told to, and leaves no half file (%i threads)',
    async (workers) => {
      const cache = temporaryFolder();
      const stop = new AbortController();
      const progress = (line: string): void => {
        if (line.includes('windows')) stop.abort(new Error('stopped'));
      };
      await expect(load(settings(), { cache, workers, signal: stop.signal, progress })).rejects.toThrow(
        'stopped',
      );
      expect(readdirSync(cache).filter((file) => file.includes('.part'))).toEqual([]);
      // What was whole is used.
      const rest = await load(settings(), { cache });
      expect(rest.lines.some((line) => line.endsWith('from the cache'))).toBe(true);
      expect(rest.examples).toEqual((await load(settings())).examples);
    },
  );
});

describe('loadExamples', () => {
  it('makes anew what is damaged in the cache', async () => {
    const cache = temporaryFolder();
    const plain = await load(released(), { cache });
    for (const file of readdirSync(cache)) writeFileSync(join(cache, file), 'half');
    const again = await load(released(), { cache });
    expect(again.examples).toEqual(plain.examples);
    expect(again.lines.some((line) => line.endsWith('from the cache'))).toBe(false);
  });

  it.each([1, ...(isBuilt ? [2] : [])])(
    'tells what is wrong with a file as the importer does (%i threads)',
    async (workers) => {
      const cache = temporaryFolder();
      const path = join(temporaryFolder(), 'recordings');
      mkdirSync(path);
      for (const person of people)
        writeFileSync(
          join(path, `sub-${person}.xdf`),
          person === '2' ? 'XDF:nonsense' : readFileSync(join(directory, 'recordings', `sub-${person}.xdf`)),
        );
      const settings = exampleSettings.parse({ dataset: { kind: 'xdf-sessions', path }, step_s: 1 });
      const failure = load(settings, { cache, workers });
      await expect(failure).rejects.toMatchObject({ exitCode: 3, code: expect.stringMatching(/./) });
      await expect(failure).rejects.toThrow(/sub-2\.xdf/);
      expect(readdirSync(cache).filter((file) => file.includes('.part'))).toEqual([]);
    },
  );

  it('needs a pipeline for signals', async () => {
    await expect(load(signals(), { pipeline: null })).rejects.toThrow(
      'pipeline: missing; sessions has signals, which need one',
    );
  });

  it('holds a quarter of the memory unless told otherwise', () => {
    expect(defaultMemory()).toBeGreaterThan(64e6);
    expect(defaultMemory()).toBeLessThan(1e13);
  });
});
