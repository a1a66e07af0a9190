import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { type Dataset, type DatasetDefinition, type DatasetRecording, ratedDimensions } from './dataset.js';
import { missing, otherLayout } from './dataset-error.js';
import { cellsOf, fieldOf, MatMatrix } from './formats/mat-matrix.js';
import { Mat5File, type MatNode, type MatValue } from './formats/mat5.js';
import { choosePeople, copySettings, numbered } from './people.js';
import { ratedLabel } from './rating.js';
import { blockMessages, type SampledBlock } from './signal-messages.js';

const settings = z.strictObject({
  ...copySettings,
  path: z.string().min(1).describe('`DREAMER.mat`, or its folder, relative to the file that names it.'),
});
export type DreamerSettings = z.infer<typeof settings>;

/** Emotiv EPOC's electrodes in the order of the files; AMIGOS's too. */
export const epocElectrodes = 'AF3 F7 F3 FC5 T7 P7 O1 O2 P8 T8 FC6 F4 F8 AF4'.split(' ');

const dimensions = ratedDimensions.slice(0, 3);
const eeg = {
  field: 'EEG',
  sfreq: 128,
  channels: epocElectrodes.map((label) => ({ label, unit: 'uV', type: 'EEG' })),
};
/** The file doesn't tell the unit of the Shimmer's values. */
const ecg = {
  field: 'ECG',
  sfreq: 256,
  channels: ['ECG1', 'ECG2'].map((label) => ({ label, unit: '', type: 'ECG' })),
};

/** DREAMER; a recording is a trial with the baseline clip before it, which the file keeps apart: a gap is between. */
export const dreamer: DatasetDefinition<DreamerSettings> = {
  kind: 'dreamer',
  summary: 'DREAMER: 23 people, 18 film clips; EEG of 14 electrodes and ECG.',
  source:
    'Katsigiannis & Ramzan 2018, doi:10.1109/JBHI.2017.2688239; on request from https://zenodo.org/records/546113',
  settings,
  async open({ path, people: asked }, directory) {
    const given = resolve(directory, path);
    const file = given.endsWith('.mat') ? given : join(given, 'DREAMER.mat');
    if (!existsSync(file)) throw missing(file, 'give DREAMER.mat or its folder as `path`');
    const mat = await Mat5File.open(file);
    const walk = await Walk.start(mat, file);
    const there = numbered('s', walk.size, 2);
    await walk.close();
    return new Dreamer(
      choosePeople(asked, there, there, (person) => `${file}: ${person}`),
      mat,
      file,
    );
  },
};

/** Goes through the people of the file, which is one compressed piece: it can't be entered in the middle. */
class Walk {
  #next = 0;

  private constructor(
    readonly size: number,
    private readonly cells: AsyncGenerator<{ readonly node: MatNode }>,
    readonly close: () => Promise<void>,
  ) {}

  static async start(mat: Mat5File, path: string): Promise<Walk> {
    const { node, close } = await mat.enter('DREAMER');
    for await (const { field, node: child } of unclosed(node.children()))
      if (field === 'Data') return new Walk(child.size, child.children(), close);
    await close();
    throw otherLayout(path, "the struct DREAMER has no field 'Data'");
  }

  isBefore(person: number): boolean {
    return this.#next <= person;
  }

  async read(person: number): Promise<MatValue> {
    for (;;) {
      const { value, done } = await this.cells.next();
      if (done) throw new RangeError(`no person ${person}`);
      if (this.#next++ === person) return value.node.read();
    }
  }
}

/** The same values; leaving the loop doesn't end the generator. */
function unclosed<T>(generator: AsyncGenerator<T>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => ({ next: () => generator.next() }) };
}

class Dreamer implements Dataset {
  readonly name = 'DREAMER';
  readonly dimensions = dimensions;
  readonly classes = null;
  /** Where the last person was read, so that people in order need one pass. */
  #walk: Walk | null = null;

  constructor(
    readonly people: readonly string[],
    private readonly mat: Mat5File,
    private readonly path: string,
  ) {}

  async *recordings(person: string): AsyncGenerator<DatasetRecording> {
    const found = await this.#read(indexOf(person));
    const field = (value: MatValue | undefined, name: string) => fieldOf(value, name, person, this.path);
    const signals = [eeg, ecg].map((signal) => {
      const own = field(found, signal.field);
      const [baseline, stimuli] = ['baseline', 'stimuli'].map((name) =>
        cellsOf(field(own, name), `${person}: ${signal.field}.${name}`, this.path),
      );
      return { ...signal, baseline, stimuli };
    });
    const ratings = ['ScoreValence', 'ScoreArousal', 'ScoreDominance'].map(
      (name) => new MatMatrix(field(found, name), `${person}: ${name}`, this.path).values,
    );
    const counts = [
      ...signals.flatMap((s) => [s.baseline.length, s.stimuli.length]),
      ...ratings.map((r) => r.length),
    ];
    if (new Set(counts).size > 1)
      throw otherLayout(this.path, `${person} has signals and ratings of ${counts.join(', ')} trials`);
    for (let t = 0; t < counts[0]; t++) {
      const parts = signals.map(({ field: name, sfreq, channels, baseline, stimuli }) => {
        const [before, during] = [baseline[t], stimuli[t]].map((value) => {
          const matrix = new MatMatrix(value, `${person}: ${name} of trial ${t + 1}`, this.path);
          if (matrix.dims[1] !== channels.length)
            throw otherLayout(
              this.path,
              `${person}: ${name} of trial ${t + 1} is ${matrix.dims.join(' x ')}, not samples x ${channels.length}`,
            );
          return matrix;
        });
        return { sfreq, channels, before, during };
      });
      const start = parts[0].before.dims[0] / parts[0].sfreq;
      const blocks = parts.map(({ sfreq, channels, before, during }): SampledBlock => {
        const type = channels[0].type;
        return {
          declaration: { id: type.toLowerCase(), name: 'DREAMER', type, sourceId: '', sfreq, channels },
          start: start - before.dims[0] / sfreq,
          length: before.dims[0] + during.dims[0],
          breaks: [before.dims[0]],
          channel: (c) => joined(before.line(0, [0, c]), during.line(0, [0, c])),
        };
      });
      yield {
        person,
        session: '1',
        kind: 'signals',
        messages: blockMessages(blocks),
        trials: [
          {
            trial: String(t + 1),
            stimulus: `film-${t + 1}`,
            position: t,
            label: ratedLabel(
              dimensions,
              ratings.map((values) => values[t]),
              [1, 5],
              this.path,
            ),
            start,
            end: start + Math.min(...parts.map(({ during, sfreq }) => during.dims[0] / sfreq)),
          },
        ],
      };
    }
  }

  async #read(person: number): Promise<MatValue> {
    let walk = this.#walk;
    this.#walk = null;
    if (walk && !walk.isBefore(person)) {
      await walk.close();
      walk = null;
    }
    walk ??= await Walk.start(this.mat, this.path);
    try {
      const found = await walk.read(person);
      const isLast = person === indexOf(this.people.at(-1)!);
      if (this.#walk || isLast) await walk.close();
      else this.#walk = walk;
      return found;
    } catch (error) {
      await walk.close();
      throw error;
    }
  }
}

/** Of a person, such as `s01`, in the file. */
function indexOf(person: string): number {
  return Number(person.slice(1)) - 1;
}

function joined(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
