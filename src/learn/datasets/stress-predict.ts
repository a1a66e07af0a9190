import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ProblemCounts } from '../../io/recordings/problem-counts.js';
import { numberIn, readRecords } from '../../io/recordings/tables/delimited-text.js';
import { copyFolder, folderWith } from './copy-folder.js';
import type { Dataset, DatasetDefinition, DatasetRecording, TimedTrial } from './dataset.js';
import { missing, otherLayout } from './dataset-error.js';
import { choosePeople, copySettings } from './people.js';
import { classLabel } from './rating.js';
import { recordedMessages } from './recorded-messages.js';

const settings = z.strictObject({
  ...copySettings,
  people: copySettings.people.describe(
    'Whom to take; null: everybody of whom the copy has a folder and labels (S01 has no labels).',
  ),
});
export type StressPredictSettings = z.infer<typeof settings>;

const classes = ['baseline', 'stress'] as const;
/** The tasks in the order in which everybody had them; the last rest includes a questionnaire. */
const tasks = [
  'baseline',
  'stroop',
  'rest-after-stroop',
  'interview',
  'rest-after-interview',
  'hyperventilation',
  'rest-after-hyperventilation',
];

/**
 * Stress-Predict; a recording is a person's whole session, its trials the blocks of the label that the authors give
 * for each second. Labels and recordings are both in unix time; the folder's Time_logs.xlsx, in the local time of a
 * clock of twelve hours, and the tags, some of which lie twelve hours off, aren't used.
 */
export const stressPredict: DatasetDefinition<StressPredictSettings> = {
  kind: 'stress-predict',
  summary:
    'Stress-Predict: 35 people with an Empatica E4; Stroop test, interview, hyperventilation, and rest.',
  source: 'Iqbal et al. 2022, doi:10.3390/s22218135; MIT, https://github.com/italha-d/Stress-Predict-Dataset',
  population: {
    ages: null,
    task: 'Stroop test, interview and hyperventilation against rest, in this order',
    place: 'one laboratory',
  },
  settings,
  async open({ path, people: asked }, directory) {
    const root = copyFolder(directory, path);
    const labelsPath = join(root, 'Processed_data', 'Improved_All_Combined_hr_rsp_binary.csv');
    if (!existsSync(labelsPath)) throw missing(labelsPath, 'get the whole data set');
    const found = folderWith(root, ['Raw_data'], /^S\d\d$/);
    if (!found) throw missing(join(root, 'Raw_data', 'S02'), 'get the whole data set');
    const labels = await readLabels(labelsPath);
    const unlabelled = found.files.filter((person) => !labels.has(person));
    const labelled = found.files.filter((person) => labels.has(person));
    for (const person of asked ?? [])
      if (unlabelled.includes(person))
        throw otherLayout(labelsPath, `has no labels of ${person}`, `leave ${person} out of \`people\``);
    const people = choosePeople(asked, labelled, labelled, (person) => join(found.folder, person));
    return new StressPredict(people, labels, found.folder, asked ? [] : unlabelled);
  },
};

/** Consecutive seconds of one label. */
interface Block {
  readonly label: number;
  /** Unix time, s. */
  readonly start: number;
  end: number;
}

class StressPredict implements Dataset {
  readonly name = 'Stress-Predict';
  readonly dimensions = [];
  readonly classes = classes;
  readonly notes: readonly string[];

  constructor(
    readonly people: readonly string[],
    private readonly labels: ReadonlyMap<string, readonly Block[]>,
    private readonly folder: string,
    unlabelled: readonly string[],
  ) {
    this.notes = unlabelled.map((person) => `${person} has no labels and is left out`);
  }

  async *recordings(person: string): AsyncGenerator<DatasetRecording> {
    const path = join(this.folder, person);
    const { messages, streams } = await recordedMessages(path);
    const blocks = this.labels.get(person)!;
    const first = Math.min(...streams.map((stream) => stream.first ?? Number.POSITIVE_INFINITY));
    const last = Math.max(...streams.map((stream) => stream.last ?? Number.NEGATIVE_INFINITY));
    if (blocks[0].start < first - 1 || blocks[blocks.length - 1].end > last + 2)
      throw otherLayout(
        path,
        `recorded from ${first} to ${last} (unix time), labelled from ${blocks[0].start} to ${blocks[blocks.length - 1].end}`,
        'recording and labels are not of one session',
      );
    const isUsual = blocks.length === tasks.length && blocks.every(({ label }, b) => label === b % 2);
    yield {
      person,
      session: '1',
      kind: 'signals',
      messages,
      trials: blocks.map(({ label, start, end }, position): TimedTrial => {
        const stimulus = isUsual ? tasks[position] : null;
        return {
          trial: stimulus ?? String(position + 1),
          stimulus,
          position,
          label: classLabel(label),
          start,
          end,
        };
      }),
    };
  }
}

/** Blocks of each person, `S02` ... */
async function readLabels(path: string): Promise<Map<string, Block[]>> {
  const people = new Map<string, Block[]>();
  const names = ['Participant', 'Time(sec)', 'Label'];
  let columns: number[] | null = null;
  for await (const cells of readRecords(path, ',', new ProblemCounts())) {
    if (columns === null) {
      columns = names.map((name) => cells.indexOf(name));
      if (columns.includes(-1))
        throw otherLayout(
          path,
          `has no column '${names[columns.indexOf(-1)]}' (there are: ${cells.join(', ')})`,
        );
      continue;
    }
    const [participant, time, label] = columns.map((column) => numberIn(cells[column]));
    if (!(time > 0) || (label !== 0 && label !== 1))
      throw otherLayout(
        path,
        `a row has the time '${cells[columns[1]]}' and the label '${cells[columns[2]]}'`,
      );
    const person = `S${String(participant).padStart(2, '0')}`;
    const blocks = people.get(person) ?? [];
    people.set(person, blocks);
    const current = blocks.at(-1);
    if (current?.label === label && time === current.end) current.end = time + 1;
    else blocks.push({ label, start: time, end: time + 1 });
  }
  return people;
}
