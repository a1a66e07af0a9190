import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Mat5File } from '../../../../src/learn/datasets/formats/mat5.js';
import {
  type PublishedDetector,
  PublishedLabel,
} from '../../../../src/signal/features/events/published/whole-gaze.js';
import { recordings } from '../../../learn/datasets/fixture-copy.js';

const folder = join(recordings, 'lund2013');
export const lundIsHere = existsSync(folder);

/** The recordings that the thresholds were chosen on, and that every figure of the documentation is of. */
const measured = {
  images: ['TH34_img_Europe', 'TL20_img_konijntjes', 'UH27_img_vy'],
  dots: ['TH20_trial1', 'UH21_trial17'],
};

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

async function read(file: string): Promise<Labelled> {
  const data = await (await Mat5File.open(join(folder, file))).read('ETdata');
  if (data.kind !== 'struct') throw new Error(`${file}: ETdata is no structure`);
  const field = (name: string) => {
    const value = data.elements[0].get(name);
    if (value?.kind !== 'numeric') throw new Error(`${file}: ${name} is no array of numbers`);
    return value;
  };
  const { dims, values } = field('pos');
  const column = (c: number) => Array.from(values.subarray(c * dims[0], (c + 1) * dims[0]));
  const [left, right, px, py, labels] = [1, 2, 3, 4, 5].map(column);
  const degrees = (pixels: readonly number[], axis: number) => {
    const resolution = field('screenRes').values[axis];
    const pitch = field('screenDim').values[axis] / resolution;
    const distance = field('viewDist').values[0];
    return pixels.map((v, i) =>
      px[i] === 0 && py[i] === 0
        ? Number.NaN
        : (180 / Math.PI) * Math.atan(((v - resolution / 2) * pitch) / distance),
    );
  };
  const pupil = left.map((a, i) => (a + right[i]) / 2);
  return {
    name: file.replace(/_labelled_.*/, ''),
    sfreq: field('sampFreq').values[0],
    x: degrees(px, 0),
    y: degrees(py, 1),
    pupil: pupil.every(Number.isNaN) ? [] : pupil,
    labels,
  };
}

/** The hand-labelled recordings beside the project, GPL: read, never copied. None where they are absent. */
export async function lundRecordings(): Promise<LabelledGaze[]> {
  if (!lundIsHere) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith('_MN.mat'));
  return Promise.all(
    files.map(async (file) => {
      const { labels, ...one } = await read(file);
      const other = await read(file.replace('_MN', '_RA'));
      return { ...one, raters: [labels, other.labels] };
    }),
  );
}

/** Those of `all` that figures were measured on. */
export function measuredOn(kind: keyof typeof measured, all: readonly LabelledGaze[]): LabelledGaze[] {
  return all.filter(({ name }) => measured[kind].includes(name));
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
