import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type PublishedDetector, PublishedLabel } from '../../../src/features/events/published/whole-gaze.js';
import { type MatArray, type MatValue, readMat5 } from './mat5.js';

const folder = fileURLToPath(new URL('../../../../shared/recordings/lund2013', import.meta.url));
export const lundIsHere = existsSync(folder);

export interface LabelledGaze {
  readonly name: string;
  readonly sfreq: number;
  /** Degrees from the screen's middle; NaN where the tracker lost the eye. */
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Mean of the two diameters; empty where the recording has none. */
  readonly pupil: readonly number[];
  /** For each rater: 1 fixation, 2 saccade, 3 glissade, 4 pursuit, 5 blink, 6 undefined. */
  readonly raters: readonly (readonly number[])[];
}

interface Labelled extends Omit<LabelledGaze, 'raters'> {
  readonly labels: readonly number[];
}

function read(file: string): Labelled {
  const record = readMat5(readFileSync(`${folder}/${file}`)).get('ETdata') as Map<string, MatValue>;
  const field = (name: string) => (record.get(name) as MatArray).data;
  const { rows, data } = record.get('pos') as MatArray;
  const column = (c: number) => Array.from(data.subarray(c * rows, (c + 1) * rows));
  const [px, py] = [column(3), column(4)];
  const degrees = (own: readonly number[], axis: number) => {
    const resolution = field('screenRes')[axis];
    const pitch = field('screenDim')[axis] / resolution;
    const distance = field('viewDist')[0];
    return own.map((v, i) =>
      px[i] === 0 && py[i] === 0
        ? Number.NaN
        : (180 / Math.PI) * Math.atan(((v - resolution / 2) * pitch) / distance),
    );
  };
  const pupil = column(1).map((a, i) => (a + data[2 * rows + i]) / 2);
  return {
    name: file.replace(/_labelled_.*/, ''),
    sfreq: field('sampFreq')[0],
    x: degrees(px, 0),
    y: degrees(py, 1),
    pupil: pupil.every(Number.isNaN) ? [] : pupil,
    labels: column(5),
  };
}

/** The hand-labelled recordings beside the project, GPL: read, never copied. */
export function lundRecordings(): LabelledGaze[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('_MN.mat'));
  return files.map((file) => {
    const { labels, ...one } = read(file);
    const other = read(file.replace('_MN', '_RA'));
    return { ...one, raters: [labels, other.labels] };
  });
}

/** Every `step`-th sample. */
export function decimated(gaze: LabelledGaze, step: number): LabelledGaze {
  const some = (values: readonly number[]) => values.filter((_, i) => i % step === 0);
  const { name, sfreq, x, y, pupil, raters } = gaze;
  return {
    name,
    sfreq: sfreq / step,
    x: some(x),
    y: some(y),
    pupil: some(pupil),
    raters: raters.map(some),
  };
}

/** Cohen's kappa of two yes-or-no labels. */
export function kappa(a: readonly boolean[], b: readonly boolean[]): number {
  const share = (of: (i: number) => boolean) => a.reduce((n, _, i) => n + Number(of(i)), 0) / a.length;
  const agreed = share((i) => a[i] === b[i]);
  const [yesA, yesB] = [share((i) => a[i]), share((i) => b[i])];
  const chance = yesA * yesB + (1 - yesA) * (1 - yesB);
  return (agreed - chance) / (1 - chance);
}

/** Mean over the raters of kappa on all samples together, of a detector of whole recordings. */
export function ratedAgreement(
  gazes: readonly LabelledGaze[],
  kind: 'saccade' | 'fixation',
  detect: PublishedDetector,
): number {
  // The raters' codes of these two are the detectors' labels.
  const label = PublishedLabel[kind];
  const found = gazes.flatMap((gaze) => [...detect(gaze)].map((l) => l === label));
  const of = (r: number) =>
    kappa(
      found,
      gazes.flatMap((gaze) => gaze.raters[r].map((l) => l === label)),
    );
  return (of(0) + of(1)) / 2;
}
