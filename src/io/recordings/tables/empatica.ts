import { readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { InputError } from '../../../core/errors.js';
import type { StreamMessage } from '../../../core/signal.js';
import { tableOf } from '../../../core/table.js';
import { type CanonicalStream, canonicalStream } from '../../../signal/dialects/canonical-stream.js';
import { onGrid } from '../../../signal/timebase/session-time.js';
import { isUnixStamp } from '../../../signal/timebase/unix-stamps.js';
import { ChunkBuilder } from '../chunk-builder.js';
import { RandomAccessFile } from '../files/random-access-file.js';
import { readLines } from '../files/read-lines.js';
import { stemOf } from '../files/stem.js';
import { type DataMessage, mergeStreams } from '../merge.js';
import type { ReadOptions, RecordedStream, Recording, RecordingFormat } from '../recording.js';
import { StreamSurvey } from '../stream-survey.js';

/**
 * Empatica E4 export: a folder of CSV files, one a sensor, or one of them; the sensor is in the file's name, the first
 * line is the unix start, the second the rate (the export's own info.txt). Stamps are unix time.
 */
export const empatica: RecordingFormat = {
  name: 'Empatica E4',
  recognise(path, head) {
    if (!head) return sensorFiles(path).length > 0 ? 2 : 0;
    return sensorOf(path) && looksLikeE4(Buffer.from(head).toString('latin1')) ? 2 : 0;
  },
  async open(path) {
    const isFolder = statSync(path).isDirectory();
    const paths = isFolder ? sensorFiles(path) : [path];
    const files: RandomAccessFile[] = [];
    try {
      for (const one of paths) files.push(new RandomAccessFile(one));
      return new EmpaticaRecording(path, isFolder ? basename(resolve(path)) : stemOf(path), files);
    } catch (error) {
      for (const file of files) file.close();
      throw error;
    }
  },
};

interface Sensor {
  readonly type: string;
  readonly labels: readonly string[];
  readonly unit: string;
  readonly kind: 'regular' | 'beats' | 'tags';
}

const sensors = tableOf<Sensor>({
  ACC: { type: 'ACC', labels: ['x', 'y', 'z'], unit: '1/64 g', kind: 'regular' },
  BVP: { type: 'BVP', labels: ['BVP'], unit: '', kind: 'regular' },
  EDA: { type: 'EDA', labels: ['EDA'], unit: 'uS', kind: 'regular' },
  TEMP: { type: 'TEMP', labels: ['TEMP'], unit: 'degC', kind: 'regular' },
  HR: { type: 'HR', labels: ['HR'], unit: '1/min', kind: 'regular' },
  IBI: { type: 'IBI', labels: ['IBI'], unit: 's', kind: 'beats' },
  TAGS: { type: 'Markers', labels: ['tag'], unit: '', kind: 'tags' },
});

/** Name of the sensor in a file's name (`BVP.csv`, `tags_S02.csv`), or null. */
function sensorOf(path: string): string | null {
  if (!/\.csv$/i.test(path)) return null;
  const words = stemOf(path)
    .toUpperCase()
    .split(/[^A-Z]+/);
  return words.find((word) => sensors.has(word)) ?? null;
}

function looksLikeE4(head: string): boolean {
  return isUnixStamp(Number(head.split(/[,\r\n]/, 1)[0].trim()));
}

function sensorFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => sensorOf(name))
    .map((name) => join(folder, name))
    .filter((path) => {
      const file = new RandomAccessFile(path);
      try {
        return file.size === 0 || looksLikeE4(file.read(0, 64).toString('latin1'));
      } finally {
        file.close();
      }
    })
    .sort();
}

interface Row {
  readonly time: number;
  readonly values: readonly number[];
}

interface SensorFile {
  readonly sensor: Sensor;
  readonly file: RandomAccessFile;
  readonly canonical: CanonicalStream;
}

class EmpaticaRecording implements Recording {
  readonly format = 'Empatica E4';
  readonly streams: readonly RecordedStream[];
  readonly zero_unix_s = 0;
  readonly problems: string[] = [];
  readonly #files: readonly SensorFile[];

  constructor(
    readonly path: string,
    readonly stem: string,
    files: readonly RandomAccessFile[],
  ) {
    this.#files = files.map((file) => {
      const sensor = sensors.get(sensorOf(file.path)!)!;
      const canonical = canonicalStream({
        id: `${stem}/${stemOf(file.path)}`,
        name: 'Empatica E4',
        dialect: 'Empatica E4',
        type: sensor.type,
        sourceId: '',
        sfreq: sensor.kind === 'regular' ? rateOf(file) : 0,
        channels: sensor.labels.map((label) => ({ label, unit: sensor.unit, type: '' })),
      });
      return { sensor, file, canonical };
    });
    this.streams = this.#files.map((file) => {
      const survey = new StreamSurvey();
      let unreadable = 0;
      for (const { time, values } of rows(file)) {
        survey.add(time);
        if (values.some(Number.isNaN)) unreadable++;
      }
      if (unreadable > 0)
        this.problems.push(`${basename(file.file.path)}: ${unreadable} lines without a number; masked`);
      return survey.result(file.canonical.info);
    });
    for (const { file } of this.#files)
      if (file.size > 0 && file.read(file.size - 1, 1)[0] !== 0x0a)
        this.problems.push(`${basename(file.path)}: its last line was cut; ignored`);
    if (!this.streams.some((stream) => stream.samples > 0))
      throw new InputError('recording-empty', `${path}: no readable sample in it; export it again`);
  }

  async *messages(options: ReadOptions): AsyncGenerator<StreamMessage> {
    for (const { canonical } of this.#files) canonical.notes.forEach(options.events);
    yield* mergeStreams(
      this.#files.map(({ canonical }) => canonical.info),
      this.#files.map((file) => messagesOf(file, options.chunk)),
    );
  }

  async close(): Promise<void> {
    for (const { file } of this.#files) file.close();
  }
}

function* messagesOf(source: SensorFile, chunkLength: number | null): Generator<DataMessage> {
  const { info, scale } = source.canonical;
  if (source.sensor.kind === 'tags') {
    for (const { time } of rows(source))
      yield { kind: 'marker', marker: { stream: info.id, time, value: 'tag' } };
    return;
  }
  const builder = new ChunkBuilder(info, chunkLength);
  for (const { time, values } of rows(source)) {
    const chunk = builder.begin(time, false);
    if (chunk) yield { kind: 'chunk', chunk };
    for (let c = 0; c < info.channels.length; c++) builder.set(c, values[c] * scale[c]);
  }
  const rest = builder.end();
  if (rest) yield { kind: 'chunk', chunk: rest };
}

function rateOf(file: RandomAccessFile): number {
  const [, second] = file.read(0, 256).toString('latin1').split('\n');
  const rate = Number((second ?? '').split(',')[0]);
  return Number.isFinite(rate) && rate > 0 ? rate : 0;
}

/** The samples of one file; missing and unreadable cells are NaN. */
function* rows({ sensor, file, canonical }: SensorFile): Generator<Row> {
  const lines = readLines(file);
  if (sensor.kind === 'tags') {
    for (const line of lines) {
      const time = numberIn(line);
      if (!Number.isNaN(time)) yield { time, values: [1] };
    }
    return;
  }
  const first = lines.next();
  const start = first.done ? Number.NaN : numberIn(first.value.split(',')[0]);
  if (Number.isNaN(start)) return;
  const width = sensor.labels.length;
  if (sensor.kind === 'beats') {
    for (const line of lines) {
      const [after, interval] = line.split(',', 2).map(numberIn);
      if (!Number.isNaN(after)) yield { time: onGrid(start + after), values: [interval ?? Number.NaN] };
    }
    return;
  }
  if (canonical.info.sfreq === 0) return;
  lines.next();
  let index = 0;
  for (const line of lines) {
    const values = width === 1 ? [numberIn(line)] : line.split(',', width).map(numberIn);
    while (values.length < width) values.push(Number.NaN);
    yield { time: onGrid(start + index++ / canonical.info.sfreq), values };
  }
}

function numberIn(text: string): number {
  const value = Number(text);
  // What is blank is 0 to JavaScript.
  return value === 0 && text.trim() === '' ? Number.NaN : value;
}
