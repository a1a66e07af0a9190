import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { copyFolder } from './copy-folder.js';
import type { Dataset, DatasetDefinition, DatasetRecording } from './dataset.js';
import { missing, otherLayout } from './dataset-error.js';
import { MatMatrix } from './formats/mat-matrix.js';
import { Mat5File } from './formats/mat5.js';
import { choosePeople, copySettings, numbered } from './people.js';
import { classLabel } from './rating.js';
import { type SeedFeature, seedEegDescriptors, seedFeatures, seedIvEyeDescriptors } from './seed-layout.js';
import { eegFeatures, type SeedTrial, signalRecording, signalVariables } from './seed-matlab.js';

const sessionNames = ['1', '2', '3'] as const;

const settings = z.strictObject({
  ...copySettings,
  data: z
    .enum(['signals', 'features'])
    .default('signals')
    .describe(
      '`signals`: eeg_raw_data, through a pipeline; `features`: eeg_feature_smooth and eye_feature_smooth as released.',
    ),
  feature: z
    .enum(seedFeatures)
    .default('de_movingAve')
    .describe('Which of the released features of EEG; pairs of electrodes weren’t released.'),
  eye: z.boolean().default(true).describe('Whether `features` has the 31 eye features, too.'),
  sessions: z
    .array(z.enum(sessionNames))
    .min(1)
    .default([...sessionNames]),
});
export type SeedIvSettings = z.infer<typeof settings>;

const TRIALS = 24;

/** Classes of the trials in each session (the data set's own ReadMe): 0 neutral, 1 sad, 2 fear, 3 happy. */
const labels: Readonly<Record<(typeof sessionNames)[number], readonly number[]>> = {
  1: [1, 2, 3, 0, 2, 0, 0, 1, 0, 1, 2, 1, 1, 1, 2, 3, 2, 2, 3, 3, 0, 3, 0, 3],
  2: [2, 1, 3, 0, 0, 2, 0, 2, 3, 3, 2, 3, 2, 0, 1, 1, 2, 1, 0, 3, 0, 1, 3, 1],
  3: [1, 2, 2, 1, 3, 3, 3, 1, 1, 2, 1, 0, 2, 3, 3, 0, 2, 3, 0, 0, 2, 0, 1, 0],
};

/** SEED-IV; a recording is a trial. Each session has clips of its own. */
export const seedIv: DatasetDefinition<SeedIvSettings> = {
  kind: 'seed-iv',
  summary:
    'SEED-IV: 15 people, 3 sessions of 24 film clips (neutral, sad, fear, happy); EEG of 62 electrodes, eye features.',
  source:
    'Zheng et al. 2019, doi:10.1109/TCYB.2018.2797176; on request with a signed licence from https://bcmi.sjtu.edu.cn/home/seed/seed-iv.html',
  settings,
  async open({ path, people: asked, data, feature, eye, sessions }, directory) {
    const root = copyFolder(directory, path);
    const inner = data === 'signals' ? 'eeg_raw_data' : 'eeg_feature_smooth';
    /** Files of each person, one a session. */
    const filesOf = new Map<string, string[]>();
    for (const session of sessions) {
      const folder = join(root, inner, session);
      if (!existsSync(folder)) throw missing(folder, `give the folder that holds ${inner} as \`path\``);
      for (const name of readdirSync(folder).sort()) {
        const person = /^(\d+)_\d{8}\.mat$/.exec(name)?.[1];
        if (person) filesOf.set(person, [...(filesOf.get(person) ?? []), join(session, name)]);
      }
    }
    const there = numbered('', 15).filter((person) => filesOf.get(person)?.length === sessions.length);
    const people = choosePeople(asked, numbered('', 15), there, (person) => {
      const session = sessions.find((one) => !filesOf.get(person)?.some((name) => name.startsWith(one)));
      return join(root, inner, session ?? '', `${person}_<date>.mat`);
    });
    const recorded = people.flatMap((person) =>
      filesOf.get(person)!.map((name, s): SessionFiles => {
        const eyePath = join(root, 'eye_feature_smooth', name);
        const isEyeRead = data === 'features' && eye;
        if (isEyeRead && !existsSync(eyePath)) throw missing(eyePath, 'copy it, or set `eye: false`');
        return {
          person,
          session: sessions[s],
          eeg: join(root, inner, name),
          eye: isEyeRead ? eyePath : null,
        };
      }),
    );
    return new SeedIv(people, recorded, data === 'signals' ? null : feature);
  },
};

interface SessionFiles {
  readonly person: string;
  readonly session: (typeof sessionNames)[number];
  readonly eeg: string;
  readonly eye: string | null;
}

class SeedIv implements Dataset {
  readonly name = 'SEED-IV';
  readonly dimensions = [];
  readonly classes = ['neutral', 'sad', 'fear', 'happy'];

  constructor(
    readonly people: readonly string[],
    private readonly files: readonly SessionFiles[],
    private readonly feature: SeedFeature | null,
  ) {}

  async *recordings(person: string): AsyncGenerator<DatasetRecording> {
    for (const { session, eeg, eye } of this.files.filter((one) => one.person === person)) {
      const mat = await Mat5File.open(eeg);
      const eyes = eye === null ? null : await Mat5File.open(eye);
      const variables = this.feature === null ? signalVariables(mat, TRIALS) : [];
      for (let number = 1; number <= TRIALS; number++) {
        const trial: SeedTrial = {
          person,
          session,
          number,
          trial: `${session}/${number}`,
          stimulus: `clip-${session}-${number}`,
          label: classLabel(labels[session][number - 1]),
        };
        yield this.feature === null
          ? await signalRecording(mat, variables[number - 1], trial)
          : await featureRecording(mat, eyes, this.feature, trial);
      }
    }
  }
}

async function featureRecording(
  mat: Mat5File,
  eyes: Mat5File | null,
  feature: SeedFeature,
  { person, session, number, trial, stimulus, label }: SeedTrial,
): Promise<DatasetRecording> {
  const { count, ...eeg } = await eegFeatures(mat, `${feature}${number}`, seedEegDescriptors(feature));
  const modalities = new Map([['eeg', eeg]]);
  if (eyes) {
    const variable = `eye_${number}`;
    const found = new MatMatrix(await eyes.read(variable), `'${variable}'`, eyes.path);
    const features = [...seedIvEyeDescriptors];
    if (found.dims[0] !== features.length || found.dims[1] !== count)
      throw otherLayout(
        eyes.path,
        `'${variable}' is ${found.dims.join(' x ')}, not 31 features x ${count} windows as in ${mat.path}`,
      );
    modalities.set('eye', { features, values: Float32Array.from(found.values) });
  }
  return {
    person,
    session,
    kind: 'features',
    trial: { trial, stimulus, position: number - 1, label },
    windows: { window_s: 4, hop_s: 4, count, modalities, labels: null },
  };
}
