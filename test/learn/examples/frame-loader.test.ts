import { describe, expect, it } from 'vitest';
import type { ModelFrame } from '../../../src/core/model.js';
import { augmentationSettings } from '../../../src/learn/examples/augmentation.js';
import type { Example } from '../../../src/learn/examples/example.js';
import { FrameLoader, loadedFrames } from '../../../src/learn/examples/frame-loader.js';
import { inputSpec } from '../../model/engines/reference-model.js';
import { anExample } from '../fit/an-example.js';

const model = { inputs: [inputSpec('face', [4, 4, 3])] };
const mask = Uint8Array.of(1, 1, 1);

/** Images of one value each, which come in the order of `delays`. */
function images(delays: readonly number[], log: number[] = []): Example[] {
  return delays.map((delay, i) => {
    const load = async (): Promise<Float32Array> => {
      for (let turn = 0; turn < delay; turn++) await Promise.resolve();
      log.push(i);
      return Float32Array.from({ length: 48 }, (_, at) => 100 + 10 * i + at);
    };
    const frame: ModelFrame = [{ values: new Float32Array(), mask, present: true, load }];
    return { ...anExample(), frame };
  });
}

const valuesOf = (frames: readonly ModelFrame[]): number[][] => frames.map(([{ values }]) => [...values]);

describe('loading frames', () => {
  it('gives each example its own image, in whichever order they come', async () => {
    const log: number[] = [];
    const found = await loadedFrames(images([9, 1, 5], log));
    expect(log).toEqual([1, 2, 0]);
    expect(valuesOf(found).map(([first]) => first)).toEqual([100, 110, 120]);
    for (const [modality] of found) {
      expect(modality).toMatchObject({ present: true, mask });
      expect(modality.load).toBeUndefined();
    }
  });

  it('leaves frames alone that have their values, and does not fetch what is absent', async () => {
    const values = Float32Array.of(1, 2);
    const whole: ModelFrame = [{ values, mask: Uint8Array.of(1, 1), present: true }];
    const absent: ModelFrame = [
      {
        values: new Float32Array(),
        mask,
        present: false,
        load: () => Promise.reject(new Error('fetched')),
      },
    ];
    const found = await loadedFrames([{ frame: whole }, { frame: absent }]);
    expect(found[0]).toBe(whole);
    expect(found[1][0].present).toBe(false);
  });

  it('fails as the file does', async () => {
    const load = () => Promise.reject(new Error('a.jpg: damaged'));
    const frame: ModelFrame = [{ values: new Float32Array(), mask, present: true, load }];
    await expect(loadedFrames([{ frame }])).rejects.toThrow('a.jpg: damaged');
  });
});

describe('the frames of training', () => {
  const augmentation = augmentationSettings.parse({ rotation_deg: 30, flip: true, brightness: 0.2 });
  const load = async (step: number, seed: number, delays = [0, 0, 0]) =>
    valuesOf(await new FrameLoader(model, { seed, augmentation }).frames(images(delays), step));

  it('are as they are without augmentation', async () => {
    const found = await new FrameLoader(model, { seed: 1 }).frames(images([0, 0]), 3);
    expect(valuesOf(found)).toEqual(valuesOf(await loadedFrames(images([0, 0]))));
  });

  it('are altered the same way at the same step, whichever image comes first', async () => {
    expect(await load(5, 1, [7, 3, 0])).toEqual(await load(5, 1));
  });

  it('are altered otherwise at another step, with another seed and in another row', async () => {
    const found = await load(5, 1);
    expect(await load(6, 1)).not.toEqual(found);
    expect(await load(5, 2)).not.toEqual(found);
    const same = images([0]);
    const [a, b] = valuesOf(
      await new FrameLoader(model, { seed: 1, augmentation }).frames([...same, ...same], 5),
    );
    expect(a).not.toEqual(b);
  });
});
