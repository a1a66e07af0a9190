import { describe, expect, it } from 'vitest';
import { canonicalStream } from '../../../src/signal/dialects/canonical-stream.js';
import { faceChannel } from '../../../src/signal/dialects/face-channel.js';

const of = (label: string, unit = ''): string => {
  const found = faceChannel({ label, unit, type: '' });
  return `${found.label} ${found.unit}`;
};

describe('faceChannel', () => {
  it("writes every tracker's labels in one way, with the unit that they imply", () => {
    expect([of('AU1_r'), of('AU01_r'), of('au_1_intensity'), of('AU_1_Intensity')]).toEqual(
      Array(4).fill('AU01_r 0..5'),
    );
    expect([of('AU45_c'), of('au_45')]).toEqual(Array(2).fill('AU45_c 0/1'));
    expect([of('AU1 Evidence'), of('AU01_evidence')]).toEqual(Array(2).fill('AU01_evidence log10 odds'));
    expect([of('Brow Furrow'), of('browFurrow'), of('Smile')]).toEqual([
      'AU04 0..100',
      'AU04 0..100',
      'AU12 0..100',
    ]);
    expect([of('AU12'), of('AU12', '0..1')]).toEqual(['AU12 ', 'AU12 0..1']);
    expect([of('pose_Rx'), of('Pitch', 'deg'), of('head_yaw')]).toEqual(['pitch rad', 'pitch deg', 'yaw ']);
    expect([of('confidence'), of('AUX'), of('Joy Evidence')]).toEqual([
      'confidence ',
      'AUX ',
      'Joy Evidence ',
    ]);
  });

  it('is applied to live streams of type Face alone, and angles are converted to degrees', () => {
    const channels = ['au_6_intensity', 'pose_Ry'].map((label) => ({ label, unit: '', type: '' }));
    const declared = { id: 'f', name: 'webcam', sourceId: '', sfreq: 30, channels };
    const { info, scale } = canonicalStream({ ...declared, type: 'ActionUnits' });
    expect(info.type).toBe('Face');
    expect(info.channels.map(({ label, unit }) => [label, unit])).toEqual([
      ['AU06_r', '0..5'],
      ['yaw', 'deg'],
    ]);
    expect(scale[1]).toBeCloseTo(180 / Math.PI, 12);
    const other = canonicalStream({ ...declared, type: 'Gaze' });
    expect(other.info.channels[0].label).toBe('au_6_intensity');
  });
});
