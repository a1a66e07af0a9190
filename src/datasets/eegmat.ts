import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { copyFolder, folderWith } from './copy-folder.js';
import type { Dataset, DatasetDefinition, DatasetRecording } from './dataset.js';
import { missing } from './dataset-error.js';
import { choosePeople, copySettings } from './people.js';
import { classLabel } from './rating.js';
import { recordedMessages } from './recorded-messages.js';

const settings = z.strictObject({
  ...copySettings,
  people: copySettings.people.describe('Whom to take; null: everybody of whom the copy has a file.'),
});
export type EegmatSettings = z.infer<typeof settings>;

const classes = ['rest', 'task'] as const;
const stimuli = ['rest', 'arithmetic'] as const;

/** PhysioNet's eegmat; a recording is a file: `_1` rest, `_2` mental arithmetic, whole files of one class. */
export const eegmat: DatasetDefinition<EegmatSettings> = {
  kind: 'eegmat',
  summary: 'EEG during mental arithmetic: 36 people, rest and serial subtraction; EEG of 19 electrodes, ECG.',
  source:
    'Zyma et al. 2019, doi:10.3390/data4010014; ODC-By 1.0, https://physionet.org/content/eegmat/1.0.0/',
  settings,
  async open({ path, people: asked }, directory) {
    const root = copyFolder(directory, path);
    const found = folderWith(root, [''], /^Subject\d\d_[12]\.edf$/);
    if (!found) throw missing(join(root, 'Subject00_1.edf'), 'give the folder with the .edf files as `path`');
    const there = [...new Set(found.files.map((name) => name.slice(0, 9)))];
    const fileOf = (person: string, kind: number) => join(root, `${person}_${kind + 1}.edf`);
    const people = choosePeople(asked, there, there, (person) => fileOf(person, 0));
    for (const person of people)
      for (const kind of classes.keys())
        if (!existsSync(fileOf(person, kind)))
          throw missing(fileOf(person, kind), `get it, or leave ${person} out of \`people\``);
    return new Eegmat(people, fileOf);
  },
};

class Eegmat implements Dataset {
  readonly name = 'eegmat';
  readonly dimensions = [];
  readonly classes = classes;

  constructor(
    readonly people: readonly string[],
    private readonly fileOf: (person: string, kind: number) => string,
  ) {}

  async *recordings(person: string): AsyncGenerator<DatasetRecording> {
    for (const [kind, stimulus] of stimuli.entries()) {
      const { messages, streams } = await recordedMessages(this.fileOf(person, kind));
      const sampled = streams.filter((stream) => stream.first !== null && stream.info.sfreq > 0);
      yield {
        person,
        session: '1',
        kind: 'signals',
        messages,
        trials: [
          {
            trial: stimulus,
            stimulus,
            position: kind,
            label: classLabel(kind),
            start: Math.min(...sampled.map((stream) => stream.first!)),
            end: Math.max(...sampled.map((stream) => stream.last! + 1 / stream.info.sfreq)),
          },
        ],
      };
    }
  }
}
