import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { FeatureDescriptor } from '../../core/features.js';
import { ProblemCounts } from '../../io/recordings/problem-counts.js';
import { numberIn, readRecords } from '../../io/recordings/tables/delimited-text.js';
import { copyFolder, folderWith } from './copy-folder.js';
import type { Dataset, DatasetDefinition, DatasetRecording, FeatureWindows, Label } from './dataset.js';
import { damaged, missing, otherLayout } from './dataset-error.js';
import { choosePeople, copySettings } from './people.js';
import { classLabel, onNativeScale } from './rating.js';
import { conductanceOf } from './skin-resistance.js';

const settings = z.strictObject({
  ...copySettings,
  people: copySettings.people.describe(
    'Whom to take, `amateurs-0`, `pros-3` ...; null: everybody in the copy.',
  ),
  label: z
    .enum(['mental-load', 'emotiv-excitement'])
    .default('mental-load')
    .describe(
      '`mental-load`: what the player reported after the match, 1 to 5, as the classes low and high; `emotiv-excitement`: arousal each second as the EEG headset’s maker computes it. It is made from the EEG, which is left out of the inputs then.',
    ),
  high_from: z.int().min(2).max(5).default(3).describe('Least mental load that counts as high.'),
  window_s: z
    .int()
    .positive()
    .default(1)
    .describe('Length of a window, s: the mean of the seconds in it that were measured.'),
});
export type EsportsSettings = z.infer<typeof settings>;

interface Sensor {
  readonly modality: string;
  readonly file: string;
  /** Descriptor of a column, or null where it is none of the sensor's. */
  describe(column: string): FeatureDescriptor | null;
  convert?(values: Float64Array): Float64Array;
}

const one = (column: string, channel: string, feature: string, unit: string) => (name: string) =>
  name === column ? { channel, feature, unit } : null;

const sensors: readonly Sensor[] = [
  {
    modality: 'eeg',
    file: 'eeg_band_power.csv',
    describe: (column) => {
      const [channel, band] = column.split('/');
      return band ? { channel, feature: `power_${band.toLowerCase()}`, unit: 'uV^2/Hz' } : null;
    },
  },
  {
    modality: 'eye',
    file: 'eye_tracker.csv',
    describe: (column) =>
      one('gaze_movement', 'gaze', 'movement', 'px')(column) ??
      one('pupil_diameter', 'pupil', 'diameter', 'mm')(column),
  },
  {
    modality: 'emg',
    file: 'emg.csv',
    describe: (column) => {
      const hand = /^emg_(left|right)_hand$/.exec(column)?.[1];
      return hand ? { channel: `${hand}_hand`, feature: 'activity', unit: '' } : null;
    },
  },
  // Resistance in the files.
  {
    modality: 'eda',
    file: 'gsr.csv',
    describe: one('gsr', 'skin', 'conductance', 'uS'),
    convert: conductanceOf,
  },
  { modality: 'heart', file: 'heart_rate.csv', describe: one('heart_rate', 'heart', 'hr_mean', '1/min') },
  { modality: 'oxygen', file: 'spo2.csv', describe: one('spo2', 'blood', 'oxygen_saturation', '%') },
  {
    modality: 'temperature',
    file: 'facial_skin_temperature.csv',
    describe: one('facial_skin_temperature', 'face', 'skin_temperature', 'degC'),
  },
];
const METRICS = 'eeg_metrics.csv';

/** The eSports Sensors Dataset's 1 Hz features; a recording is one player's match. */
export const esports: DatasetDefinition<EsportsSettings> = {
  kind: 'esports',
  summary:
    'eSports Sensors: 10 players, League of Legends; EEG band power, eyes, EMG, skin, heart at 1 Hz, with players who really lack sensors.',
  source:
    'Smerdov et al. 2020, arXiv:2011.00958; CC BY 4.0, https://github.com/smerdov/eSports_Sensors_Dataset',
  settings,
  async open({ path, people: asked, label, high_from, window_s }, directory) {
    const root = copyFolder(directory, path);
    const found = folderWith(root, ['matches', ''], /^match_\d+$/);
    if (!found)
      throw missing(join(root, 'matches', 'match_0'), 'give the folder that holds `matches` as `path`');
    const matches = [...found.files].sort((a, b) => Number(a.slice(6)) - Number(b.slice(6)));
    const played = matches.flatMap((match): Played[] => {
      const folder = join(found.folder, match);
      const meta = readJson(join(folder, 'meta_info.json'), matchInfo);
      const players = folderWith(folder, [''], /^player_\d+$/)?.files ?? [];
      return players.map((player) => ({
        person: `${meta.team}-${player.slice(7)}`,
        match,
        duration_s: Math.floor(meta.match_duration),
        folder: join(folder, player),
      }));
    });
    const file = label === 'mental-load' ? 'player_report.json' : METRICS;
    const labelled = played.filter(({ folder }) => existsSync(join(folder, file)));
    const there = [...new Set(labelled.map(({ person }) => person))].sort();
    const people = choosePeople(asked, there, there, (person) => join(root, person, file));
    const notes = played
      .filter((one) => !labelled.includes(one))
      .map(({ person, match }) => `${person} has no ${file} of ${match}, which is left out`);
    return new Esports(people, labelled, notes, label === 'mental-load' ? high_from : null, window_s);
  },
};

const matchInfo = z.object({ team: z.string(), match_duration: z.number().positive() });
const report = z.object({ mental_load: z.number().min(1).max(5) });

/** A player's match. */
interface Played {
  readonly person: string;
  readonly match: string;
  readonly duration_s: number;
  readonly folder: string;
}

class Esports implements Dataset {
  readonly name = 'eSports Sensors';
  readonly dimensions;
  readonly classes;

  constructor(
    readonly people: readonly string[],
    private readonly played: readonly Played[],
    readonly notes: readonly string[],
    /** Null where the label is the headset's excitement. */
    private readonly highFrom: number | null,
    private readonly window_s: number,
  ) {
    this.dimensions = highFrom === null ? (['arousal'] as const) : [];
    this.classes = highFrom === null ? null : ['low', 'high'];
  }

  async *recordings(person: string): AsyncGenerator<DatasetRecording> {
    for (const { match, duration_s, folder } of this.played.filter((one) => one.person === person)) {
      const modalities: Map<string, { features: readonly FeatureDescriptor[]; values: Float32Array }> =
        new Map();
      for (const sensor of sensors) {
        if (this.highFrom === null && sensor.modality === 'eeg') continue;
        const windows = await featuresOf(sensor, join(folder, sensor.file), duration_s, this.window_s);
        if (windows) modalities.set(sensor.modality, windows);
      }
      const [label, labels] = await this.#labels(folder, duration_s);
      yield {
        person,
        session: match,
        kind: 'features',
        trial: { trial: match, stimulus: match, position: 0, label },
        windows: {
          window_s: this.window_s,
          hop_s: this.window_s,
          count: Math.floor(duration_s / this.window_s),
          modalities,
          labels,
        },
      };
    }
  }

  async #labels(folder: string, duration_s: number): Promise<[Label | null, Label[] | null]> {
    if (this.highFrom !== null) {
      const { mental_load } = readJson(join(folder, 'player_report.json'), report);
      return [classLabel(mental_load >= this.highFrom ? 1 : 0), null];
    }
    const path = join(folder, METRICS);
    const { names, seconds } = await secondsOf(path, duration_s);
    const column = names.indexOf('Excitement');
    if (column < 0) throw otherLayout(path, "has no column 'Excitement'");
    const labels = Array.from(windowMeans(seconds[column], this.window_s), (value): Label => {
      const arousal = onNativeScale(value, 0, 1, path);
      return { targets: Number.isNaN(arousal) ? {} : { arousal }, class: null };
    });
    return [null, labels];
  }
}

type ModalityWindows = NonNullable<ReturnType<FeatureWindows['modalities']['get']>>;

/** Null where the player had no such sensor. */
async function featuresOf(
  sensor: Sensor,
  path: string,
  duration_s: number,
  window_s: number,
): Promise<ModalityWindows | null> {
  if (!existsSync(path)) return null;
  const { names, seconds } = await secondsOf(path, duration_s);
  const found = names.flatMap((name, column) => {
    const descriptor = sensor.describe(name);
    const values = sensor.convert?.(seconds[column]) ?? seconds[column];
    return descriptor ? [{ descriptor, values: windowMeans(values, window_s) }] : [];
  });
  if (found.length === 0)
    throw otherLayout(path, `has none of its sensor's columns (there are: ${names.join(', ')})`);
  const count = Math.floor(duration_s / window_s);
  const values = new Float32Array(count * found.length);
  for (const [f, one] of found.entries())
    for (let w = 0; w < count; w++) values[w * found.length + f] = one.values[w];
  return { features: found.map(({ descriptor }) => descriptor), values };
}

/** Means of what was measured in each whole window; NaN where nothing was. */
function windowMeans(seconds: Float64Array, window_s: number): Float64Array {
  return Float64Array.from({ length: Math.floor(seconds.length / window_s) }, (_, w) => {
    const measured = seconds.subarray(w * window_s, (w + 1) * window_s).filter(Number.isFinite);
    return measured.reduce((sum, value) => sum + value, 0) / measured.length;
  });
}

/** The columns of a table beside its `time`, by whole second of the match; NaN where there is no row. */
async function secondsOf(path: string, count: number): Promise<{ names: string[]; seconds: Float64Array[] }> {
  let names: string[] | null = null;
  let seconds: Float64Array[] = [];
  for await (const [time, ...cells] of readRecords(path, ',', new ProblemCounts())) {
    if (names === null) {
      if (time !== 'time') throw otherLayout(path, "its first column isn't 'time'");
      names = cells;
      seconds = names.map(() => new Float64Array(count).fill(Number.NaN));
      continue;
    }
    const second = Math.round(numberIn(time));
    if (second >= 0 && second < count)
      for (const [c, column] of seconds.entries()) column[second] = numberIn(cells[c]);
  }
  if (names === null) throw damaged(path, 'it is empty');
  return { names, seconds };
}

function readJson<T>(path: string, schema: z.ZodType<T>): T {
  if (!existsSync(path)) throw missing(path, 'get the whole data set');
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw damaged(path, 'not JSON', cause);
  }
  const parsed = schema.safeParse(found);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw otherLayout(path, `${issue.path.join('.')}: ${issue.message}`);
  }
  return parsed.data;
}
