import { affdexActionUnit, affdexUnit } from './affdex.js';
import type { RawChannel } from './raw-stream.js';

/** What a label says of an action unit, and the unit that it implies. */
const dialects: readonly (readonly [pattern: RegExp, suffix: string, unit: string])[] = [
  // OpenFace
  [/^AU(\d+)_r$/i, '_r', '0..5'],
  [/^AU(\d+)_c$/i, '_c', '0/1'],
  // LibreFace
  [/^au_(\d+)_intensity$/i, '_r', '0..5'],
  [/^au_(\d+)$/i, '_c', '0/1'],
  // Emotient FACET, as iMotions exports it
  [/^AU(\d+)[ _]evidence$/i, '_evidence', 'log10 odds'],
  // Py-Feat (probabilities, 0..1), and whoever names them without a suffix: the scale is the sender's to tell.
  [/^AU(\d+)$/i, '', ''],
];

/** Angles of the head, in degrees; OpenFace's are rad about the camera's x, y and z axis. */
const headAngles: readonly (readonly [pattern: RegExp, label: string, unit: string])[] = [
  [/^pose_Rx$/i, 'pitch', 'rad'],
  [/^pose_Ry$/i, 'yaw', 'rad'],
  [/^pose_Rz$/i, 'roll', 'rad'],
  [/^(head_?)?pitch$/i, 'pitch', ''],
  [/^(head_?)?yaw$/i, 'yaw', ''],
  [/^(head_?)?roll$/i, 'roll', ''],
];

/**
 * A channel of a Face stream in one way of writing: `AU01_r` (intensity), `AU01_c` (presence), `AU01_evidence`, `AU01` (told
 * by its unit; AFFDEX's `Brow Furrow` is `AU04`, 0..100), `pitch`, `yaw`, `roll`; others as they come. A unit that the label implies stands where none is told.
 */
export function faceChannel(channel: RawChannel): RawChannel {
  const label = channel.label.trim();
  for (const [pattern, suffix, unit] of dialects) {
    const number = pattern.exec(label)?.[1];
    if (number === undefined) continue;
    return { ...channel, label: `${canonical(Number(number))}${suffix}`, unit: channel.unit || unit };
  }
  const unit = affdexActionUnit(label);
  if (unit !== undefined) return { ...channel, label: canonical(unit), unit: channel.unit || affdexUnit };
  const angle = headAngles.find(([pattern]) => pattern.test(label));
  return angle ? { ...channel, label: angle[1], unit: channel.unit || angle[2] } : { ...channel, label };
}

function canonical(actionUnit: number): string {
  return `AU${String(actionUnit).padStart(2, '0')}`;
}
