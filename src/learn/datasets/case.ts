import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { StreamInfo, StreamMessage } from '../../core/signal.js';
import { ChunkBuilder } from '../../io/recordings/chunk-builder.js';
import { RandomAccessFile } from '../../io/recordings/files/random-access-file.js';
import { readLines } from '../../io/recordings/files/read-lines.js';
import type { DataMessage } from '../../io/recordings/merge.js';
import { type CanonicalStream, canonicalStreams } from '../../signal/dialects/canonical-stream.js';
import type { RawChannel } from '../../signal/dialects/raw-stream.js';
import { copyFolder, folderWith } from './copy-folder.js';
import type { Dataset, DatasetDefinition, DatasetRecording, RatedDimension, TimedTrial } from './dataset.js';
import { damaged, missing, otherLayout } from './dataset-error.js';
import { choosePeople, copySettings, numbered } from './people.js';
import { onNativeScale } from './rating.js';
import { mergedInOrder } from './signal-messages.js';

const settings = z.strictObject({
  ...copySettings,
  units: z
    .enum(['converted', 'volts'])
    .default('converted')
    .describe('`converted`: as in data/interpolated; `volts`: as the amplifier gave them, converted here.'),
});
export type CaseSettings = z.infer<typeof settings>;

const dimensions: readonly RatedDimension[] = ['valence', 'arousal'];
const stimuli: Readonly<Record<number, string>> = {
  1: 'amusing-1',
  2: 'amusing-2',
  3: 'boring-1',
  4: 'boring-2',
  5: 'relaxed-1',
  6: 'relaxed-2',
  7: 'scary-1',
  8: 'scary-2',
};

interface Column extends RawChannel {
  readonly column: string;
  /** From volts (the authors' s03_v2_interTransformData.m). */
  readonly scale: number;
  readonly offset: number;
}

const columns: readonly Column[] = [
  { column: 'ecg', label: 'ECG', unit: 'mV', type: 'ECG', scale: 20, offset: -56 },
  { column: 'bvp', label: 'BVP', unit: '%', type: 'PPG', scale: 58.962, offset: -115.09 },
  { column: 'gsr', label: 'GSR', unit: 'uS', type: 'EDA', scale: 24, offset: -49.2 },
  { column: 'rsp', label: 'RSP', unit: '%', type: 'RESP', scale: 58.923, offset: -115.01 },
  { column: 'skt', label: 'SKT', unit: 'degC', type: 'TEMP', scale: 21.341, offset: -32.085 },
  { column: 'emg_zygo', label: 'zygomaticus', unit: 'uV', type: 'EMG', scale: 250, offset: -500 },
  { column: 'emg_coru', label: 'corrugator', unit: 'uV', type: 'EMG', scale: 250, offset: -500 },
  { column: 'emg_trap', label: 'trapezius', unit: 'uV', type: 'EMG', scale: 250, offset: -500 },
];

/** CASE; a recording is a person's whole session, its joystick an `Annotation` stream, its trials the eight videos. */
export const caseDataset: DatasetDefinition<CaseSettings> = {
  kind: 'case',
  summary:
    'CASE: 30 people, 8 videos, valence and arousal by joystick all the time; ECG, pulse, skin conductance, respiration, temperature, EMG.',
  source:
    'Sharma et al. 2019, doi:10.1038/s41597-019-0209-0; CC BY 4.0, https://gitlab.com/karan-shr/case_dataset',
  settings,
  async open({ path, people: asked, units }, directory) {
    const root = copyFolder(directory, path);
    const found = folderWith(
      root,
      ['data/interpolated/physiological', 'interpolated/physiological', 'physiological'],
      /^sub_\d+\.csv$/,
    );
    if (!found)
      throw missing(
        join(root, 'data', 'interpolated', 'physiological', 'sub_1.csv'),
        'give the folder that holds data/interpolated as `path`',
      );
    const fileOf = (person: string) => join(found.folder, `${person}.csv`);
    const ratingsOf = (person: string) => join(found.folder, '..', 'annotations', `${person}.csv`);
    const there = numbered('sub_', 30).filter((person) => found.files.includes(`${person}.csv`));
    const people = choosePeople(asked, numbered('sub_', 30), there, fileOf);
    for (const person of people)
      if (!existsSync(ratingsOf(person))) throw missing(ratingsOf(person), 'get the whole data set');
    return new Case(people, fileOf, ratingsOf, units === 'volts');
  },
};

class Case implements Dataset {
  readonly name = 'CASE';
  readonly dimensions = dimensions;
  readonly classes = null;

  constructor(
    readonly people: readonly string[],
    private readonly fileOf: (person: string) => string,
    private readonly ratingsOf: (person: string) => string,
    private readonly areVolts: boolean,
  ) {}

  async *recordings(person: string): AsyncGenerator<DatasetRecording> {
    const path = this.fileOf(person);
    const annotations = this.ratingsOf(person);
    yield {
      person,
      session: '1',
      kind: 'signals',
      messages: {
        [Symbol.iterator]: (): Iterator<StreamMessage> =>
          mergedInOrder(
            [...physiology.map(({ info }) => info), annotationInfo],
            [physiologyChunks(path, physiology, this.areVolts), annotationChunks(annotations)],
          ),
      },
      trials: trialsIn(path),
    };
  }
}

const physiology = canonicalStreams({
  id: 'case',
  name: 'CASE',
  type: '',
  sourceId: '',
  sfreq: 1000,
  channels: columns,
});

const annotationInfo: StreamInfo = {
  id: 'annotation',
  name: 'CASE joystick',
  type: 'Annotation',
  sourceId: '',
  sfreq: 20,
  channels: dimensions.map((label) => ({ label, unit: '', type: 'Annotation' })),
};

/** Rows of numbers by the names of their columns, read as they are asked for. */
function* rowsOf(path: string, wanted: readonly string[]): Generator<readonly number[]> {
  const file = new RandomAccessFile(path);
  try {
    const lines = readLines(file);
    const head = lines.next();
    const names = head.done ? [] : head.value.split(',').map((name) => name.trim());
    const at = wanted.map((name) => names.indexOf(name));
    if (at.includes(-1))
      throw otherLayout(path, `has no column '${wanted[at.indexOf(-1)]}' (there are: ${names.join(', ')})`);
    let number = 1;
    for (;;) {
      const { value, done } = lines.next();
      if (done) {
        if (value !== '' && value.split(',').length < names.length)
          throw damaged(path, `line ${number + 1} was cut`);
        if (value !== '') yield cellsOf(value, at);
        return;
      }
      number++;
      yield cellsOf(value, at);
    }
  } finally {
    file.close();
  }
}

function cellsOf(line: string, at: readonly number[]): number[] {
  const cells = line.split(',');
  const values = new Array<number>(at.length);
  for (let i = 0; i < at.length; i++) {
    const cell = cells[at[i]];
    values[i] = cell === undefined || cell.trim() === '' ? Number.NaN : Number(cell);
  }
  return values;
}

/** All streams in one pass over the file. */
function* physiologyChunks(
  path: string,
  streams: readonly CanonicalStream[],
  areVolts: boolean,
): Generator<DataMessage> {
  const builders = streams.map(({ info }) => new ChunkBuilder(info, null));
  for (const cells of rowsOf(path, [...columns.map(({ column }) => column), 'daqtime']))
    for (const [s, { keep, scale, offset }] of streams.entries()) {
      const chunk = builders[s].begin(cells[columns.length] / 1000, false);
      if (chunk) yield { kind: 'chunk', chunk };
      for (let c = 0; c < keep.length; c++) {
        const one = columns[keep[c]];
        const value = areVolts ? cells[keep[c]] * one.scale + one.offset : cells[keep[c]];
        builders[s].set(c, value * scale[c] + offset[c]);
      }
    }
  for (const builder of builders) {
    const chunk = builder.end();
    if (chunk) yield { kind: 'chunk', chunk };
  }
}

function* annotationChunks(path: string): Generator<DataMessage> {
  const builder = new ChunkBuilder(annotationInfo, null);
  for (const [jstime_ms, ...values] of rowsOf(path, ['jstime', ...dimensions])) {
    const chunk = builder.begin(jstime_ms / 1000, false);
    if (chunk) yield { kind: 'chunk', chunk };
    for (const [c, value] of values.entries()) builder.set(c, onNativeScale(value, 0.5, 9.5, path));
  }
  const rest = builder.end();
  if (rest) yield { kind: 'chunk', chunk: rest };
}

/** The videos in the order in which this person saw them; what is shown between them is no trial. */
function trialsIn(path: string): TimedTrial[] {
  const trials: TimedTrial[] = [];
  let [current, start, last] = [Number.NaN, 0, 0];
  const end = (at: number) => {
    const stimulus = stimuli[current];
    if (stimulus) {
      const position = trials.length;
      trials.push({ trial: String(position + 1), stimulus, position, label: null, start, end: at });
    }
  };
  for (const [daqtime_ms, video] of rowsOf(path, ['daqtime', 'video'])) {
    const time = daqtime_ms / 1000;
    if (!(time >= last)) throw damaged(path, `after ${last} s its time doesn't go on`);
    if (video !== current) {
      end(time);
      [current, start] = [video, time];
    }
    last = time;
  }
  end(last);
  if (trials.length === 0) throw otherLayout(path, "its column 'video' names none of the eight videos");
  return trials;
}
