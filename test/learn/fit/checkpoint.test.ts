import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { Checkpoint, examplesDigest } from '../../../src/learn/fit/checkpoint.js';
import type { FitState } from '../../../src/learn/fit/fit.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';
import { anExample } from './an-example.js';

const state: FitState = {
  history: [{ epoch: 1, loss: 2, terms: { mse: 2 }, validation: Number.NaN, watched: null }],
  parameters: new Map([['w', Float32Array.of(1, 2.5)]]),
  best: null,
  optimiser: { step: 3, moments: [[Float32Array.of(0.5)]] },
  random: new Random(12).state,
  dropoutSeed: 7,
};

describe('Checkpoint', () => {
  const path = join(temporaryFolder(), 'checkpoint.bin');

  it('gives back what was kept, to those who ask for the same training', async () => {
    await new Checkpoint(path, 'this').write(state);
    expect(await new Checkpoint(path, 'this').read()).toEqual(state);
    expect(await new Checkpoint(path, 'another').read()).toBeNull();
    expect(existsSync(`${path}.part`)).toBe(false);
  });

  it('is none when its file is damaged or not there', async () => {
    const checkpoint = new Checkpoint(path, 'this');
    writeFileSync(path, 'half');
    expect(await checkpoint.read()).toBeNull();
    await checkpoint.remove();
    await checkpoint.remove();
    expect(await checkpoint.read()).toBeNull();
  });
});

describe('examplesDigest', () => {
  const frame = (value: number, present = true) => [
    { values: Float32Array.of(value), mask: Uint8Array.of(1), present },
  ];
  it('tells examples of other people, labels or values apart', () => {
    const given = [
      anExample({ frame: frame(1) }),
      anExample({ frame: frame(2) }),
      anExample({ frame: frame(1, false) }),
      anExample({ frame: frame(1), person: 'q' }),
      anExample({ frame: frame(1), valence: 0.5 }),
    ];
    const digests = given.map((example) => examplesDigest([example]));
    expect(new Set(digests).size).toBe(given.length);
    expect(examplesDigest([anExample({ frame: frame(1) })])).toBe(digests[0]);
  });
});
