import { describe, expect, it } from 'vitest';
import type { ModelFrame } from '../../../src/core/model.js';
import { Random } from '../../../src/core/random.js';
import {
  burstAbsences,
  channelGroups,
  dropChannels,
  onlyModality,
  presenceOf,
  withoutModalities,
} from '../../../src/learn/examples/missing.js';
import { encodeFrames } from '../../../src/model/frames.js';
import { inputSpec } from '../../model/engines/reference-model.js';
import { anExample } from '../fit/an-example.js';

const frame: ModelFrame = [0, 1, 2, 3].map(() => ({
  values: Float32Array.of(1, 2),
  mask: Uint8Array.of(1, 1),
  present: true,
}));

describe('withoutModalities', () => {
  it('takes modalities away at the rate, and never all', () => {
    const { uniform } = new Random(1);
    const examples = Array.from({ length: 4000 }, () => anExample({ frame }));
    const counts = withoutModalities(examples, 0.5, uniform).map(
      (example) => example.frame.filter(({ present }) => present).length,
    );
    expect(Math.min(...counts)).toBe(1);
    // Binomial(4, 0.5), its zeros raised to one.
    expect(counts.reduce((a, b) => a + b) / counts.length).toBeCloseTo(2 + 1 / 16, 1);
  });

  it('never brings back what was missing', () => {
    const half = Array.from({ length: 20 }, () => anExample({ frame: onlyModality(frame, 2) }));
    for (const thinned of withoutModalities(half, 0.9, new Random(1).uniform))
      expect(presenceOf(thinned)).toEqual([false, false, true, false]);
  });

  it('takes the same away whenever a frame is asked for', () => {
    const thinned = withoutModalities([anExample({ frame })], 0.5, new Random(3).uniform);
    expect(thinned[0].frame).toEqual(thinned[0].frame);
  });
});

describe('burstAbsences', () => {
  it('takes modalities away for the share and the length asked for, and never all', () => {
    const present = Array.from({ length: 60_000 }, () => [true, true, true, true, true, true]);
    const gone = burstAbsences(present, 0.3, 4, new Random(2).uniform);
    const share = gone.flat().filter(Boolean).length / gone.flat().length;
    expect(share).toBeCloseTo(0.3, 1);
    expect(gone.every((row) => row.includes(false))).toBe(true);
    const first = gone.map((row) => row[0]);
    const starts = first.filter((away, i) => away && !first[i - 1]).length;
    expect(first.filter(Boolean).length / starts).toBeCloseTo(4, 0);
  });
});

describe('dropChannels', () => {
  const eeg = {
    ...inputSpec('eeg', [4]),
    with_mask: true,
    kind: 'features' as const,
    features: ['left', 'left', 'right', 'right'].map((channel, i) => ({
      channel,
      feature: `f${i}`,
      unit: '',
    })),
  };
  const eye = { ...inputSpec('eye', [2]), with_mask: true };
  const batchOf = (n: number) =>
    encodeFrames(
      [eeg, eye],
      Array.from({ length: n }, () => [
        { values: Float32Array.of(1, 2, 3, 4), mask: Uint8Array.of(1, 1, 1, 1), present: true },
        { values: Float32Array.of(5, 6), mask: Uint8Array.of(1, 0), present: true },
      ]),
    );

  it('drops whole regions, with their masks, and keeps at least one', () => {
    const batch = batchOf(200);
    const { uniform } = new Random(4);
    const groups = [eeg, eye].map(channelGroups);
    expect(groups[0]).toEqual([
      [0, 1],
      [2, 3],
    ]);
    for (let row = 0; row < batch.size; row++)
      dropChannels([eeg, eye], groups, batch, row, { channel: 0.5, noise_sd: 0 }, uniform, uniform);
    const seen = new Set<string>();
    for (let row = 0; row < batch.size; row++) {
      seen.add(
        batch.inputs
          .get('eeg')!
          .subarray(8 * row, 8 * row + 8)
          .join(),
      );
    }
    expect(seen).toEqual(new Set(['1,2,3,4,1,1,1,1', '1,2,0,0,1,1,0,0', '0,0,3,4,0,0,1,1']));
  });

  it('puts noise on what is measured alone', () => {
    const batch = batchOf(1);
    const normal = new Random(1).gaussian;
    dropChannels([eeg, eye], [[], []], batch, 0, { channel: 0, noise_sd: 0.1 }, () => 0.5, normal);
    const [value, missing, ...masks] = batch.inputs.get('eye')!;
    expect(value).not.toBe(5);
    expect([missing, ...masks]).toEqual([0, 1, 0]);
  });
});
