import type { StreamInfo } from '../../../core/signal.js';

/** One eye's horizontal and vertical gaze channels. */
export interface GazePair {
  readonly x: number;
  readonly y: number;
}

export interface GazeChannels {
  readonly pairs: readonly GazePair[];
  readonly unit: string;
}

export interface PupilChannels {
  readonly channels: readonly number[];
  readonly unit: string;
}

/** Words of a label: `leftEyeX` and `left_eye-x` are left, eye, x; digits stand alone. */
function wordsOf(label: string): string[] {
  return label
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .flatMap((word) => (/^\d+d$/.test(word) ? [word] : (word.match(/[a-z]+|\d+/g) ?? [])));
}

const sizeWords = ['diameter', 'size', 'area'];
/** Positions of things other than the point looked at. */
const notGaze = [
  '3d',
  'normal',
  'center',
  'centre',
  'origin',
  'position',
  'velocity',
  'camera',
  'pupil',
  'diameter',
];

/**
 * Channels with the size of a pupil, after the labels of Pupil Capture (`diameter0_3d`), Tobii (`left_pupil`), EyeLink
 * (`leftPupilArea`), SMI (`Diameter_X_left`) and the channel type `pupil`. Only channels of one unit, and never an
 * area with a diameter: millimetres if there are any, else what most channels have.
 */
export function pupilChannels(info: StreamInfo): PupilChannels | null {
  const groups = new Map<string, { channels: number[]; unit: string }>();
  for (const [c, { label, unit, type }] of info.channels.entries()) {
    const words = wordsOf(label);
    const isSize = sizeWords.some((word) => words.includes(word));
    const isPupil = isSize || words.includes('pupil') || /^pupil/i.test(type);
    // Without a word for size, x and y are where the pupil is in the camera's picture.
    if (!isPupil || (!isSize && (words.includes('x') || words.includes('y')))) continue;
    if (words.includes('confidence') || words.includes('validity')) continue;
    const key = `${unit}/${words.includes('area')}/${words.includes('2d')}`;
    const group = groups.get(key) ?? { channels: [], unit };
    group.channels.push(c);
    groups.set(key, group);
  }
  const ranked = [...groups.values()].sort(
    (a, b) => Number(b.unit === 'mm') - Number(a.unit === 'mm') || b.channels.length - a.channels.length,
  );
  return ranked[0] ?? null;
}

/**
 * Horizontal and vertical gaze channels of one or two eyes, after the labels of Pupil Capture (`norm_pos_x`), Tobii
 * (`left_x`), EyeLink (`leftEyeX`), SMI (`Screen_X_left`) and plain `x` and `y`. Only pairs of one unit: degrees if
 * there are any, else what most pairs have.
 */
export function gazeChannels(info: StreamInfo): GazeChannels | null {
  const pairs = new Map<string, { x?: number; y?: number; unit: string }>();
  for (const [c, { label, unit, type }] of info.channels.entries()) {
    const words = wordsOf(label);
    if (/^pupil/i.test(type) || notGaze.some((word) => words.includes(word))) continue;
    const axis = (['x', 'y'] as const).find((a) => words.includes(a));
    if (!axis) continue;
    // What is left of the label beside the axis tells the pair.
    const key = `${words.filter((word) => word !== axis).join(' ')}/${unit}`;
    const pair = pairs.get(key) ?? { unit };
    pair[axis] ??= c;
    pairs.set(key, pair);
  }
  const groups = new Map<string, GazePair[]>();
  for (const { x, y, unit } of pairs.values()) {
    if (x === undefined || y === undefined) continue;
    groups.set(unit, [...(groups.get(unit) ?? []), { x, y }]);
  }
  const ranked = [...groups].sort(
    ([a, p], [b, q]) => Number(b === 'deg') - Number(a === 'deg') || q.length - p.length,
  );
  return ranked.length > 0 ? { unit: ranked[0][0], pairs: ranked[0][1] } : null;
}
