import type { Seconds } from '../../../core/clock.js';
import { InputError } from '../../../core/errors.js';
import { tableOf } from '../../../core/table.js';
import { headOf } from '../files/file-head.js';
import { stemOf } from '../files/stem.js';
import { ProblemCounts } from '../problem-counts.js';
import type { RecordingFormat } from '../recording.js';
import {
  isEmpty,
  localNumberIn,
  readRows,
  readTableHead,
  type TableHead,
  tableHead,
} from './delimited-text.js';
import { type DeviceEventKind, deviceEventText, type Eye } from './device-event.js';
import {
  type MarkerColumns,
  markerStream,
  type SampledColumns,
  type TableChannel,
  TableRecording,
} from './table-recording.js';

/**
 * Tobii's tables, TSV or CSV: exports of Tobii Pro Lab and Tobii Studio, rows of the Tobii Pro SDK, and the SDK layout
 * of older studies (`LGazePos2dx`, `LPupilDm`). Gaze of both eyes in pixels or, where there are none, normalised to the
 * screen; pupils in mm. What the validity code calls lost is masked.
 */
export const tobii: RecordingFormat = {
  name: 'Tobii',
  recognise: (_path, head) => (head && dialectOf(tableHead(head)) ? 2 : 0),
  async open(path) {
    const head = await readTableHead(path, tableHead(headOf(path)));
    const dialect = dialectOf(head)!;
    const time = dialect.time.find(({ name }) => head.names.includes(name))!;
    const timeColumn = head.names.indexOf(time.name);
    const eyeTracker = eyeTrackerRows(head);
    const gaze = gazeStream(stemOf(path), head, dialect, eyeTracker);
    if (gaze.channels.length === 0)
      throw new InputError('recording-unrecognised', `${path}: no column of gaze or pupils; export them too`);
    const scale = time.scale ?? (await stampScale(path, head, timeColumn, eyeTracker));
    return TableRecording.open(path, {
      format: 'Tobii',
      names: head.names,
      streams: [gaze, ...eventStreams(stemOf(path), head, eyeTracker)],
      rows: (problems) => readRows(path, head, problems),
      time: (cells) => localNumberIn(cells[timeColumn]) * scale,
      zeroUnix: () => null,
    });
  },
};

type Cells = readonly string[];

interface Dialect {
  /** Columns of stamps, the best first, and what a unit of theirs is in seconds; null where the rows must tell. */
  readonly time: readonly { readonly name: string; readonly scale: number | null }[];
  /** Names of the columns of one eye; the first of each list that the table has is taken. */
  readonly gaze: (
    eye: Eye,
    axis: 'x' | 'y',
  ) => readonly { readonly name: string; readonly unit: 'px' | 'norm' | 'mm' }[];
  readonly pupil: (eye: Eye) => readonly string[];
  readonly validity: (eye: Eye, of: 'gaze' | 'pupil') => readonly string[];
  readonly isValid: (code: string) => boolean;
}

const capital = (word: string) => word[0].toUpperCase() + word.slice(1);

/** Tobii Studio and older: 0 found, 1 probably this eye, 2 either eye, 3 probably the other, 4 lost. */
const isLikely = (code: string) => Number(code) <= 1;

const proLab: Dialect = {
  time: [
    { name: 'Recording timestamp [μs]', scale: 1e-6 },
    { name: 'Recording timestamp [µs]', scale: 1e-6 },
    { name: 'Recording timestamp [ms]', scale: 1e-3 },
    { name: 'Recording timestamp', scale: null },
  ],
  gaze: (eye, axis) =>
    (
      [
        [' [DACS px]', 'px'],
        [' [ADCS px]', 'px'],
        ['', 'px'],
        [' [MCS px]', 'px'],
        [' [MCS norm]', 'norm'],
        [' (MCSnorm)', 'norm'],
        [' [DACS mm]', 'mm'],
      ] as const
    ).map(([suffix, unit]) => ({ name: `Gaze point ${eye} ${axis.toUpperCase()}${suffix}`, unit })),
  pupil: (eye) => [`Pupil diameter ${eye} [mm]`, `Pupil diameter ${eye}`],
  validity: (eye) => [`Validity ${eye}`],
  isValid: (code) => code === 'Valid' || (code !== 'Invalid' && isLikely(code)),
};

const studio: Dialect = {
  time: [
    { name: 'RecordingTimestamp', scale: 1e-3 },
    { name: 'Timestamp', scale: 1e-3 },
    { name: 'EyeTrackerTimestamp', scale: 1e-6 },
  ],
  gaze: (eye, axis) => [
    { name: `GazePoint${capital(eye)}${capital(axis)} (ADCSpx)`, unit: 'px' },
    { name: `GazePoint${capital(axis)}${capital(eye)}`, unit: 'px' },
    { name: `GazePoint${capital(eye)}${capital(axis)} (ADCSmm)`, unit: 'mm' },
  ],
  pupil: (eye) => [`Pupil${capital(eye)}`],
  validity: (eye) => [`Validity${capital(eye)}`],
  isValid: isLikely,
};

const olderSdk: Dialect = {
  time: [
    { name: 'Time', scale: 1e-6 },
    { name: 'RelTimestamp', scale: 1e-3 },
  ],
  gaze: (eye, axis) => [{ name: `${capital(eye)[0]}GazePos2d${axis}`, unit: 'norm' }],
  pupil: (eye) => [`${capital(eye)[0]}PupilDm`],
  validity: (eye) => [`${capital(eye)[0]}Validity`],
  isValid: isLikely,
};

/** The SDK's own names; unlike elsewhere, 1 is valid. */
const proSdk: Dialect = {
  time: [
    { name: 'device_time_stamp', scale: 1e-6 },
    { name: 'system_time_stamp', scale: 1e-6 },
  ],
  gaze: (eye, axis) => [{ name: `${eye}_gaze_point_on_display_area_${axis}`, unit: 'norm' }],
  pupil: (eye) => [`${eye}_pupil_diameter`],
  validity: (eye, of) => [`${eye}_${of === 'gaze' ? 'gaze_point' : 'pupil'}_validity`],
  isValid: (code) => Number(code) === 1,
};

const eyes = ['left', 'right'] as const;
const axes = ['x', 'y'] as const;

function dialectOf({ names }: TableHead): Dialect | null {
  // iMotions takes over names of Studio for what it records with a Tobii.
  if (names.includes('EventSource')) return null;
  const has = (dialect: Dialect) =>
    dialect.time.some(({ name }) => names.includes(name)) &&
    (names.some((name) => /^(Sensor|Eye movement type|Presented Stimulus name)$/.test(name)) ||
      eyes.some(
        (eye) =>
          dialect.gaze(eye, 'x').some(({ name }) => names.includes(name)) ||
          dialect.pupil(eye).some((name) => names.includes(name)),
      ));
  return [proLab, studio, olderSdk, proSdk].find(has) ?? null;
}

/** The rows that are samples of the eye tracker, not of other sensors, nor events between its samples. */
function eyeTrackerRows({ names }: TableHead): (cells: Cells) => boolean {
  const sensor = names.indexOf('Sensor');
  const stamp = names.findIndex((name) =>
    /^(EyeTrackerTimestamp|Eyetracker timestamp( \[.s\])?)$/.test(name),
  );
  return (cells) =>
    (sensor < 0 || cells[sensor]?.trim() === 'Eye Tracker') && (stamp < 0 || !isEmpty(cells[stamp]));
}

function gazeStream(
  stem: string,
  { names }: TableHead,
  dialect: Dialect,
  isSample: (cells: Cells) => boolean,
): SampledColumns {
  const columnOf = (candidates: readonly string[]) => {
    const name = candidates.find((candidate) => names.includes(candidate));
    return name === undefined ? -1 : names.indexOf(name);
  };
  const validityOf = (eye: Eye, of: 'gaze' | 'pupil') => columnOf(dialect.validity(eye, of));
  const masked =
    (column: number, validity: number, isPresent: (value: number) => boolean) => (cells: Cells) => {
      if (validity >= 0 && !dialect.isValid((cells[validity] ?? '').trim())) return Number.NaN;
      const value = localNumberIn(cells[column]);
      return isPresent(value) ? value : Number.NaN;
    };
  const gaze = eyes.flatMap((eye) =>
    axes.flatMap((axis): TableChannel[] => {
      const candidates = dialect.gaze(eye, axis);
      const chosen = candidates.find(({ name }) => names.includes(name));
      if (!chosen) return [];
      const column = names.indexOf(chosen.name);
      // Without a gaze the older layouts write -1 in both directions; a real gaze beside the screen has a fraction.
      const value = masked(column, validityOf(eye, 'gaze'), (v) => v !== -1);
      return [{ label: `${eye}_${axis}`, unit: chosen.unit, type: 'gaze', columns: [], value }];
    }),
  );
  const pupils = eyes.flatMap((eye): TableChannel[] => {
    const column = columnOf(dialect.pupil(eye));
    if (column < 0) return [];
    const value = masked(column, validityOf(eye, 'pupil'), (v) => v > 0);
    return [{ label: `${eye}_pupil`, unit: 'mm', type: 'pupil', columns: [], value }];
  });
  const told = [
    ...eyes.flatMap((eye) => [validityOf(eye, 'gaze'), columnOf(dialect.pupil(eye))]),
    ...eyes.flatMap((eye) => axes.map((axis) => columnOf(dialect.gaze(eye, axis).map(({ name }) => name)))),
  ].filter((column) => column >= 0);
  return {
    id: `${stem}/gaze`,
    name: stem,
    type: 'Gaze',
    sourceId: '',
    channels: [...gaze, ...pupils],
    holds: (cells) => isSample(cells) && told.some((column) => !isEmpty(cells[column])),
  };
}

/** Tobii's classification of the eyes' movement, and what the experiment logged. */
function eventStreams(
  stem: string,
  { names }: TableHead,
  isSample: (cells: Cells) => boolean,
): MarkerColumns[] {
  const streams: MarkerColumns[] = [];
  const type = names.findIndex((name) => /^(Eye movement type|GazeEventType)$/.test(name));
  const index = names.findIndex((name) => /^(Eye movement type index|FixationIndex)$/.test(name));
  if (type >= 0)
    streams.push({
      marks: markerStream(`${stem}/events`, stem, 'event'),
      begin: () => movementsOf(type, index, isSample),
    });
  const logged = names.flatMap((name, column) => (/^(Event|StudioEvent)$/.test(name) ? [column] : []));
  const value = names.findIndex((name) => /^(Event value|StudioEventData)$/.test(name));
  if (logged.length > 0)
    streams.push({
      marks: markerStream(`${stem}/markers`, stem, 'marker'),
      begin: () => (cells) =>
        logged.flatMap((column) => {
          if (isEmpty(cells[column])) return [];
          return isEmpty(cells[value]) ? [cells[column]] : [`${cells[column]}/${cells[value]}`];
        }),
    });
  return streams;
}

const kinds = tableOf<DeviceEventKind>({ Fixation: 'fixation', Saccade: 'saccade' });

/** Each movement's text at the row that ends it. */
function movementsOf(
  type: number,
  index: number,
  isSample: (cells: Cells) => boolean,
): (cells: Cells, time: Seconds) => string[] {
  let current = { name: '', index: '', onset: 0 };
  return (cells, time) => {
    if (!isSample(cells)) return [];
    const next = { name: cells[type]?.trim() ?? '', index: cells[index] ?? '', onset: time };
    if (next.name === current.name && next.index === current.index) return [];
    const ended = current;
    current = next;
    const kind = kinds.get(ended.name);
    return kind ? [deviceEventText(kind, ended.onset, time)] : [];
  };
}

/**
 * What a unit of `Recording timestamp` is, s: newer versions of Pro Lab write microseconds, older ones milliseconds,
 * under the same name. Trackers of 30 to 1200 Hz take a sample each 0.8 to 33 ms.
 */
async function stampScale(
  path: string,
  head: TableHead,
  column: number,
  isSample: (cells: Cells) => boolean,
): Promise<number> {
  const intervals: number[] = [];
  let last = Number.NaN;
  for await (const cells of readRows(path, head, new ProblemCounts())) {
    if (!isSample(cells)) continue;
    const stamp = localNumberIn(cells[column]);
    if (stamp > last) intervals.push(stamp - last);
    last = stamp;
    if (intervals.length >= 1000) break;
  }
  intervals.sort((a, b) => a - b);
  return intervals[intervals.length >> 1] > 100 ? 1e-6 : 1e-3;
}
