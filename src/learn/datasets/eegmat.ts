import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { StreamInfo, StreamMessage } from '../../core/signal.js';
import { copyFolder, folderWith } from './copy-folder.js';
import type { Dataset, DatasetDefinition, DatasetRecording, TimedTrial } from './dataset.js';
import { missing } from './dataset-error.js';
import { choosePeople, copySettings } from './people.js';
import { classLabel } from './rating.js';
import { type RecordedMessages, recordedMessages } from './recorded-messages.js';

const settings = z.strictObject({
  ...copySettings,
  people: copySettings.people.describe('Whom to take; null: everybody of whom the copy has a file.'),
  joined: z
    .boolean()
    .default(false)
    .describe(
      'One session a person: the task begins a second after the rest ends, so that a baseline of the rest holds for both. How long the pause really was is not told.',
    ),
});
export type EegmatSettings = z.infer<typeof settings>;

const classes = ['rest', 'task'] as const;
const stimuli = ['rest', 'arithmetic'] as const;

/** Between joined files, s. */
const PAUSE_S = 1;

/** PhysioNet's eegmat; a recording is a file: `_1` rest, `_2` mental arithmetic, whole files of one class. */
export const eegmat: DatasetDefinition<EegmatSettings> = {
  kind: 'eegmat',
  summary: 'EEG during mental arithmetic: 36 people, rest and serial subtraction; EEG of 19 electrodes, ECG.',
  source:
    'Zyma et al. 2019, doi:10.3390/data4010014; ODC-By 1.0, https://physionet.org/content/eegmat/1.0.0/',
  population: { ages: null, task: 'serial subtraction against rest', place: null },
  settings,
  async open({ path, people: asked, joined }, directory) {
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
    return new Eegmat(people, fileOf, joined);
  },
};

class Eegmat implements Dataset {
  readonly name = 'eegmat';
  readonly dimensions = [];
  readonly classes = classes;

  constructor(
    readonly people: readonly string[],
    private readonly fileOf: (person: string, kind: number) => string,
    private readonly joined: boolean,
  ) {}

  async *recordings(person: string): AsyncGenerator<DatasetRecording> {
    const own = { person, session: '1', kind: 'signals' } as const;
    const parts: { readonly messages: readonly StreamMessage[]; readonly trial: TimedTrial }[] = [];
    for (const kind of stimuli.keys()) {
      const recorded = await recordedMessages(this.fileOf(person, kind));
      const part = { messages: recorded.messages, trial: trialOf(kind, recorded) };
      if (this.joined) parts.push(part);
      else yield { ...own, messages: part.messages, trials: [part.trial] };
    }
    if (!this.joined) return;
    const [rest, task] = parts;
    const shift_s = rest.trial.end + PAUSE_S - task.trial.start;
    yield {
      ...own,
      messages: [...continued(rest.messages, task.messages, shift_s)],
      trials: [
        rest.trial,
        { ...task.trial, start: task.trial.start + shift_s, end: task.trial.end + shift_s },
      ],
    };
  }
}

function trialOf(kind: number, { streams }: RecordedMessages): TimedTrial {
  const sampled = streams.filter((stream) => stream.first !== null && stream.info.sfreq > 0);
  return {
    trial: stimuli[kind],
    stimulus: stimuli[kind],
    position: kind,
    file: kind,
    label: classLabel(kind),
    start: Math.min(...sampled.map((stream) => stream.first!)),
    end: Math.max(...sampled.map((stream) => stream.last! + 1 / stream.info.sfreq)),
  };
}

/** What two files of a person have in common where they hold the same stream. */
const contentOf = ({ type, sfreq, channels }: StreamInfo): string =>
  [type, sfreq, ...channels.map(({ label }) => label)].join(' ');

/** The streams of `before` going on, after a gap, with the samples of the same in `after`, `shift_s` later. */
function* continued(
  before: readonly StreamMessage[],
  after: readonly StreamMessage[],
  shift_s: number,
): Generator<StreamMessage> {
  const going = new Map<string, StreamInfo>();
  const simulated = after.some((message) => message.kind === 'open' && message.info.simulated);
  for (const message of before) {
    if (message.kind === 'open') {
      const info: StreamInfo = { ...message.info, ...(simulated && { simulated }) };
      going.set(contentOf(info), info);
      yield { kind: 'open', info };
    } else if (message.kind !== 'close') yield message;
  }
  const begun = new Set<string>();
  for (const message of after) {
    if (message.kind !== 'chunk') continue;
    const { chunk } = message;
    const info = going.get(contentOf(chunk.info));
    if (!info) continue;
    const times = chunk.times.map((time) => time + shift_s);
    yield {
      kind: 'chunk',
      chunk: { ...chunk, info, times, gapBefore: chunk.gapBefore || !begun.has(info.id) },
    };
    begun.add(info.id);
  }
  for (const { id } of going.values()) yield { kind: 'close', id };
}
