import { describe, expect, it } from 'vitest';
import { encodeFrames } from '../../src/models/frames.js';
import { fullFrame, inputs } from '../engines/small-model.js';

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
});
