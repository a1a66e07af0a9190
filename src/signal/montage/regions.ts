import { tableOf } from '../../core/table.js';

/**
 * Scalp regions by electrode name. The letters of a 10-20, 10-10 or 10-5 name give the lobe, an odd number the left
 * side, an even one the right, `z` the midline (Oostenveld & Praamstra 2001, doi:10.1016/S1388-2457(00)00527-7).
 */
export const regions = [
  'frontal_left',
  'frontal_mid',
  'frontal_right',
  'central_left',
  'central_mid',
  'central_right',
  'temporal_left',
  'temporal_right',
  'parietal_left',
  'parietal_mid',
  'parietal_right',
  'occipital',
] as const;
export type Region = (typeof regions)[number];

type Lobe = 'frontal' | 'central' | 'temporal' | 'parietal' | 'occipital';

/** The rows of the systems, front to back; `CB` is Neuroscan's cerebellar pair, at the place of I1 and I2. */
const lobes = tableOf<Lobe>({
  N: 'frontal',
  NFP: 'frontal',
  FP: 'frontal',
  AFP: 'frontal',
  AF: 'frontal',
  AFF: 'frontal',
  F: 'frontal',
  FFC: 'frontal',
  FFT: 'frontal',
  FC: 'central',
  FCC: 'central',
  C: 'central',
  CCP: 'central',
  CP: 'central',
  FT: 'temporal',
  FTT: 'temporal',
  T: 'temporal',
  TTP: 'temporal',
  TP: 'temporal',
  TPP: 'temporal',
  CPP: 'parietal',
  P: 'parietal',
  PPO: 'parietal',
  PO: 'occipital',
  POO: 'occipital',
  O: 'occipital',
  OI: 'occipital',
  I: 'occipital',
  CB: 'occipital',
});

/** Old 10-20 names whose letters would lead astray: T5 and T6 are P7 and P8. */
const renamed = tableOf({ T3: 'T7', T4: 'T8', T5: 'P7', T6: 'P8' });

const name = /^([A-Z]+)(Z|10|[1-9])(H?)$/;

/**
 * Region of an electrode, in any case, or null where `label` names none: ears, mastoids, eyes, nothing.
 * A repeated channel (`Fz#2`) lies where the first does.
 */
export function regionOf(label: string): Region | null {
  const plain = label.trim().toUpperCase().replace(/#\d+$/, '');
  const match = name.exec(renamed.get(plain) ?? plain);
  if (!match) return null;
  const [, letters, number, half] = match;
  const lobe = lobes.get(letters);
  if (!lobe || (number === 'Z' && half)) return null;
  if (lobe === 'occipital') return 'occipital';
  if (number !== 'Z') return `${lobe}_${Number(number) % 2 === 1 ? 'left' : 'right'}`;
  return lobe === 'temporal' ? null : `${lobe}_mid`;
}
