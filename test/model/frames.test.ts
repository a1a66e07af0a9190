import { describe, expect, it } from 'vitest';
import { encodeFrames } from '../../src/model/frames.js';
import { inputSpec } from './engines/reference-model.js';
import { fullFrame, inputs } from './engines/small-model.js';

describe('encodeFrames', () => {
  it('standardises features and puts their masks beside them', () => {
    const [, eye, eda] = fullFrame();
    const eeg = {
      values: Float32Array.of(3, 2, 0, 0, 99),
      mask: Uint8Array.of(1, 1, 0, 0, 1),
      present: true,
    };
    const { inputs: encoded, presence } = encodeFrames(inputs, [[eeg, eye, eda]]);
    expect([...encoded.get('eeg')!]).toEqual([2, 0, 0, 0, 5, 1, 1, 0, 0, 1]);
    expect([...presence]).toEqual([1, 1, 1]);
  });

  it('standardises raw windows by channel', () => {
    const [eeg, eye] = fullFrame();
    const values = new Float32Array(64).fill(3, 0, 32);
    const eda = { values, mask: Uint8Array.of(1, 0), present: true };
    const encoded = encodeFrames(inputs, [[eeg, eye, eda]]).inputs.get('eda')!;
    expect(encoded.subarray(0, 32).every((v) => v === 2)).toBe(true);
    expect(encoded.subarray(32).every((v) => v === 0)).toBe(true);
  });

  it('masks the whole channel of a raw window that holds a NaN', () => {
    const [eeg, eye, eda] = fullFrame();
    eda.values[5] = Number.NaN;
    const encoded = encodeFrames(inputs, [[eeg, eye, eda]]).inputs.get('eda')!;
    expect(encoded.subarray(0, 32).every((v) => v === 0)).toBe(true);
    expect(encoded.subarray(32).every((v) => v !== 0)).toBe(true);
  });

  it('takes a modality with nothing measured in it as absent', () => {
    const [eeg, eye, eda] = fullFrame();
    const blank = { ...eye, mask: new Uint8Array(3) };
    expect([...encodeFrames(inputs, [[eeg, blank, eda]]).presence]).toEqual([1, 0, 1]);
  });

  describe('of an image', () => {
    const spec = inputSpec('face', [2, 2, 3]);
    const image = [{ ...spec, standardisation: { mean: [0, 10, 20], sd: [255, 5, 10], clip_sd: null } }];
    const values = Float32Array.from({ length: 12 }, (_, i) => [255, 20, 40][i % 3]);
    const frame = { values, mask: Uint8Array.of(1, 1, 1), present: true };

    it('standardises each colour, pixel by pixel', () => {
      const { inputs: encoded, presence } = encodeFrames(image, [[frame]]);
      expect([...encoded.get('face')!]).toEqual([1, 2, 2, 1, 2, 2, 1, 2, 2, 1, 2, 2]);
      expect([...presence]).toEqual([1]);
    });

    it('takes one that lacks a colour, or holds a NaN, as absent', () => {
      const lacking = { ...frame, mask: Uint8Array.of(1, 0, 1) };
      const spoilt = { ...frame, values: Float32Array.from(values).fill(Number.NaN, 3, 4) };
      for (const absent of [lacking, spoilt]) {
        const { inputs: encoded, presence } = encodeFrames(image, [[absent]]);
        expect([...presence]).toEqual([0]);
        expect(encoded.get('face')!.every((value) => value === 0)).toBe(true);
      }
    });

    it('refuses one that was not loaded', () => {
      const pending = { ...frame, values: new Float32Array() };
      expect(() => encodeFrames(image, [[pending]])).toThrow('face: its image was not loaded');
    });
  });
});
