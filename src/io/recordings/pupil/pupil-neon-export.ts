import { existsSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Seconds } from '../../../core/clock.js';
import { InputError } from '../../../core/errors.js';
import type { StreamMessage } from '../../../core/signal.js';
import { headOf } from '../files/file-head.js';
import { stemOf } from '../files/stem.js';
import { joinRecordings } from '../join.js';
import type { ProblemCounts } from '../problem-counts.js';
import type { ReadOptions, RecordedStream, Recording, RecordingFormat } from '../recording.js';
import {
  isEmpty,
  numberIn,
  readRows,
  readTableHead,
  type TableHead,
  tableHead,
} from '../tables/delimited-text.js';
import { type DeviceEventKind, deviceEventText } from '../tables/device-event.js';
import {
  columnChannel,
  type MarkerColumns,
  markerStream,
  type SampledColumns,
  type TableChannel,
  TableRecording,
} from '../tables/table-recording.js';
import { seconds } from './neon-records.js';

/**
 * Pupil Cloud's "Timeseries Data" of a Neon, or Neon Player's: a folder of CSV files with stamps in ns since 1970
 * (https://docs.pupil-labs.com/neon/data-collection/data-format/), or its `gaze.csv`. Pupils and eyelids of
 * `3d_eye_states.csv` are joined to gaze on equal stamps.
 */
export const pupilNeonExport: RecordingFormat = {
  name: 'Pupil Labs Neon export',
  recognise(path, head) {
    const gaze = head ?? (existsSync(join(path, 'gaze.csv')) ? headOf(join(path, 'gaze.csv')) : null);
    return gaze && isGazeTable(tableHead(gaze)) ? 2 : 0;
  },
  async open(path) {
    const isFolder = statSync(path).isDirectory();
    const stem = isFolder ? basename(resolve(path)) : stemOf(path);
    const file = (name: string) => join(path, name);
    const tables = isFolder
      ? [
          () => openGaze(stem, file('gaze.csv'), file('3d_eye_states.csv')),
          () => openMotion(stem, file('imu.csv')),
          ...eventTables.map(
            ({ name, kind }) =>
              () =>
                openEvents(stem, file(`${name}.csv`), name, kind),
          ),
          () => openMarkers(stem, file('events.csv')),
        ]
      : [() => openGaze(stem, path, null)];
    const opened: Recording[] = [];
    for (const open of tables) {
      const table = await openIfAny(open);
      if (table) opened.push(table);
    }
    if (opened.length === 0)
      throw new InputError('recording-empty', `${path}: no readable sample in it; export it again`);
    return new NeonExport(path, stem, joinRecordings(opened, { alignStart: false }));
  },
};

type Cells = readonly string[];

const STAMP = 'timestamp [ns]';
const eventTables: readonly { readonly name: string; readonly kind: DeviceEventKind }[] = [
  { name: 'fixations', kind: 'fixation' },
  { name: 'saccades', kind: 'saccade' },
  { name: 'blinks', kind: 'blink' },
];

function isGazeTable({ names }: TableHead): boolean {
  return names.includes(STAMP) && names.includes('gaze x [px]');
}

class NeonExport implements Recording {
  readonly format = 'Pupil Labs Neon export';
  readonly streams: readonly RecordedStream[];
  readonly zero_unix_s = 0;
  readonly problems: readonly string[];

  constructor(
    readonly path: string,
    readonly stem: string,
    private readonly tables: Recording,
  ) {
    this.streams = tables.streams;
    this.problems = tables.problems;
  }

  messages(options: ReadOptions): AsyncIterable<StreamMessage> {
    return this.tables.messages(options);
  }

  async close(): Promise<void> {
    await this.tables.close();
  }
}

/** A table with rows in it; null for one that is missing or has none: not every recording has blinks. */
async function openIfAny(open: () => Promise<Recording | null>): Promise<Recording | null> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof InputError && error.code === 'recording-empty') return null;
    throw error;
  }
}

async function headIn(path: string): Promise<TableHead | null> {
  return existsSync(path) && statSync(path).size > 0 ? readTableHead(path, tableHead(headOf(path))) : null;
}

/** Nanoseconds since 1970 in a cell, s; NaN where there are none. */
function stampIn(cell: string | undefined): Seconds {
  return /^\s*\d+\s*$/.test(cell ?? '') ? seconds(BigInt(cell!.trim())) : Number.NaN;
}

function layout(
  head: TableHead,
  path: string,
  streams: readonly (SampledColumns | MarkerColumns)[],
  stamp: string,
) {
  const column = head.names.indexOf(stamp);
  return {
    format: 'Pupil Labs Neon export',
    names: head.names,
    streams,
    rows: (problems: ProblemCounts): AsyncIterable<Cells> => readRows(path, head, problems),
    time: (cells: Cells) => stampIn(cells[column]),
    zeroUnix: () => 0,
  };
}

async function openGaze(stem: string, path: string, eyePath: string | null): Promise<Recording | null> {
  const head = await headIn(path);
  if (!head) return null;
  const eyeHead = eyePath === null ? null : await headIn(eyePath);
  const names = [...head.names, ...(eyeHead?.names ?? [])];
  const worn = head.names.indexOf('worn');
  const channels = (
    [
      ['gaze x [px]', 'x', 'px', 'gaze'],
      ['gaze y [px]', 'y', 'px', 'gaze'],
      ['azimuth [deg]', 'azimuth', 'deg', 'gaze'],
      ['elevation [deg]', 'elevation', 'deg', 'gaze'],
      ['pupil diameter left [mm]', 'left_pupil', 'mm', 'pupil'],
      ['pupil diameter right [mm]', 'right_pupil', 'mm', 'pupil'],
      ['eyelid aperture left [mm]', 'left_eyelid_aperture', 'mm', 'eyelid'],
      ['eyelid aperture right [mm]', 'right_eyelid_aperture', 'mm', 'eyelid'],
    ] as const
  ).flatMap(([name, label, unit, type]): TableChannel[] => {
    const column = names.indexOf(name);
    if (column < 0) return [];
    const channel = columnChannel(column, { label, unit, type });
    return [
      { ...channel, value: (cells) => (numberIn(cells[worn]) === 0 ? Number.NaN : channel.value(cells)) },
    ];
  });
  const stream = {
    id: `${stem}/gaze`,
    name: 'Neon',
    type: 'Gaze',
    sourceId: '',
    channels,
    holds: () => true,
  };
  const gaze = layout(head, path, [stream], STAMP);
  if (!eyeHead) return TableRecording.open(path, gaze);
  const eyeStamp = eyeHead.names.indexOf(STAMP);
  return TableRecording.open(path, {
    ...gaze,
    names,
    rows: (problems) =>
      joinedOnStamps(
        gaze.rows(problems),
        head,
        readRows(eyePath!, eyeHead, problems),
        eyeStamp,
        eyeHead.names.length,
      ),
  });
}

/** Each row of `left` with the row of `right` that has the same stamp, or with empty cells where there is none. */
async function* joinedOnStamps(
  left: AsyncIterable<Cells>,
  { names }: TableHead,
  right: AsyncGenerator<Cells>,
  rightStamp: number,
  rightWidth: number,
): AsyncGenerator<Cells> {
  const leftStamp = names.indexOf(STAMP);
  const none = Array.from({ length: rightWidth }, () => '');
  let other = await right.next();
  try {
    for await (const cells of left) {
      const stamp = stampIn(cells[leftStamp]);
      while (!other.done && !(stampIn(other.value[rightStamp]) >= stamp)) other = await right.next();
      const isSame = !other.done && stampIn(other.value[rightStamp]) === stamp;
      const whole = names.map((_, c) => cells[c] ?? '');
      yield [...whole, ...(isSame ? other.value! : none)];
    }
  } finally {
    await right.return(undefined);
  }
}

async function openMotion(stem: string, path: string): Promise<Recording | null> {
  const head = await headIn(path);
  if (!head) return null;
  const stream = (id: string, type: string, quantity: string, unit: string): SampledColumns => ({
    id: `${stem}/${id}`,
    name: 'Neon',
    type,
    sourceId: '',
    channels: ['x', 'y', 'z'].map((label) =>
      columnChannel(head.names.indexOf(`${quantity} ${label} [${unit}]`), { label, unit, type: '' }),
    ),
    holds: (cells, channels) => channels.some(({ columns: [column] }) => !isEmpty(cells[column])),
  });
  const streams = [stream('acc', 'ACC', 'acceleration', 'g'), stream('gyro', 'GYRO', 'gyro', 'deg/s')];
  return TableRecording.open(path, layout(head, path, streams, STAMP));
}

/** Events that the device or the cloud found, each at its end. */
async function openEvents(
  stem: string,
  path: string,
  name: string,
  kind: DeviceEventKind,
): Promise<Recording | null> {
  const head = await headIn(path);
  if (!head) return null;
  const onset = head.names.indexOf('start timestamp [ns]');
  const stream: MarkerColumns = {
    marks: markerStream(`${stem}/${name}`, 'Neon', kind),
    begin: () => (cells, end) => {
      const start = stampIn(cells[onset]);
      return Number.isNaN(start) ? [] : [deviceEventText(kind, start, end)];
    },
  };
  return TableRecording.open(path, layout(head, path, [stream], 'end timestamp [ns]'));
}

async function openMarkers(stem: string, path: string): Promise<Recording | null> {
  const head = await headIn(path);
  if (!head) return null;
  const name = head.names.indexOf('name');
  const stream: MarkerColumns = {
    marks: markerStream(`${stem}/markers`, 'Neon', 'event'),
    begin: () => (cells) => (isEmpty(cells[name]) ? [] : [cells[name]]),
  };
  return TableRecording.open(path, layout(head, path, [stream], STAMP));
}
