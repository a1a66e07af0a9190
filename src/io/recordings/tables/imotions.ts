import { InputError } from '../../../core/errors.js';
import { affdexActionUnit } from '../../../signal/dialects/affdex.js';
import { faceChannel } from '../../../signal/dialects/face-channel.js';
import { headOf } from '../files/file-head.js';
import { stemOf } from '../files/stem.js';
import type { RecordingFormat } from '../recording.js';
import { isEmpty, numberIn, readRows, readTableHead, type TableHead, tableHead } from './delimited-text.js';
import type { Eye } from './device-event.js';
import {
  columnChannel,
  type MarkerColumns,
  markerStream,
  type SampledColumns,
  type TableChannel,
  TableRecording,
} from './table-recording.js';

/**
 * An iMotions export, text with tabs or commas: one row each time that one of the sources (`EventSource`) gave
 * something. Older versions repeat the other sources' last values in it, newer ones leave them empty. Read are gaze,
 * pupils and action units (Emotient FACET's evidence: decadic logarithm of the odds; Affectiva AFFDEX's expressions that are
 * action units, 0..100, and angles of the head); stimuli and markers are text.
 */
export const iMotions: RecordingFormat = {
  name: 'iMotions',
  recognise(_path, head) {
    if (!head) return 0;
    const { names, preamble } = tableHead(head);
    if (['EventSource', 'Timestamp'].every((name) => names.includes(name))) return 2;
    return preamble.some((line) => /^#(Study\b|METADATA)/.test(line)) ? 2 : 0;
  },
  async open(path) {
    const head = await readTableHead(path, tableHead(headOf(path)));
    const time = head.names.indexOf('Timestamp');
    const stem = stemOf(path);
    const sampled = [gazeStream(stem, head), faceStream(stem, head)].filter(
      ({ channels }) => channels.length > 0,
    );
    if (time < 0 || sampled.length === 0)
      throw new InputError(
        'recording-unrecognised',
        `${path}: no 'Timestamp' with gaze, pupils or action units; export them too`,
      );
    const started = startOf(head.preamble);
    return TableRecording.open(path, {
      format: 'iMotions',
      names: head.names,
      streams: [...sampled, markers(stem, head)],
      rows: (problems) => readRows(path, head, problems),
      time: (cells) => numberIn(cells[time]) / 1000,
      zeroUnix: () => started,
    });
  },
};

type Cells = readonly string[];

const eyes = ['left', 'right'] as const;
const capital = (word: string) => word[0].toUpperCase() + word.slice(1);

/** Whether a row is news of the source; `columns` are its own. */
function newsOf(head: TableHead, source: RegExp, columns: readonly number[]): (cells: Cells) => boolean {
  const from = head.names.indexOf('EventSource');
  const isRepeated = head.names.includes('GazeLeftx') || head.names.includes('StimulusName');
  if (from >= 0 && isRepeated) return (cells) => source.test(cells[from] ?? '');
  return (cells) => columns.some((column) => !isEmpty(cells[column]));
}

function gazeStream(stem: string, head: TableHead): SampledColumns {
  const columnOf = (name: string) => Math.max(head.names.indexOf(name), head.names.indexOf(`ET_${name}`));
  const validity = (eye: Eye) => columnOf(`Validity${capital(eye)}`);
  /** Tobii's codes, which iMotions takes over for other trackers: above 1 the eye is another one or lost. */
  const masked = (eye: Eye, column: number, isPresent: (value: number) => boolean) => (cells: Cells) => {
    const value = numberIn(cells[column]);
    const isLost = numberIn(cells[validity(eye)]) > 1;
    return isLost || !isPresent(value) ? Number.NaN : value;
  };
  const channels = eyes.flatMap((eye) => [
    ...(['x', 'y'] as const).map((axis): TableChannel => {
      const column = columnOf(`Gaze${capital(eye)}${axis}`);
      const value = masked(eye, column, (v) => v !== -1);
      return { label: `${eye}_${axis}`, unit: 'px', type: 'gaze', columns: [column], value };
    }),
    ((): TableChannel => {
      const column = columnOf(`Pupil${capital(eye)}`);
      const value = masked(eye, column, (v) => v > 0);
      // The export doesn't tell whether the tracker's pupils are mm or pixels.
      return { label: `${eye}_pupil`, unit: '', type: 'pupil', columns: [column], value };
    })(),
  ]);
  const told = channels.filter(({ columns: [column] }) => column >= 0);
  const holds = newsOf(
    head,
    /(^|\|)\s*(ET|Eye ?Tracker)/i,
    told.map(({ columns: [column] }) => column),
  );
  return { id: `${stem}/gaze`, name: stem, type: 'Gaze', sourceId: '', channels: told, holds };
}

function faceStream(stem: string, head: TableHead): SampledColumns {
  const isAffdex = head.names.some((name) => affdexActionUnit(name) !== undefined);
  const channels = head.names.flatMap((name, column) => {
    if (/^AU(\d+) Evidence$/.test(name))
      return [columnChannel(column, faceChannel({ label: name, unit: '', type: 'evidence' }))];
    if (affdexActionUnit(name) !== undefined)
      return [columnChannel(column, faceChannel({ label: name, unit: '', type: 'likelihood' }))];
    if (isAffdex && /^(Pitch|Yaw|Roll)$/.test(name))
      return [columnChannel(column, faceChannel({ label: name, unit: 'deg', type: 'pose' }))];
    return [];
  });
  const holds = newsOf(
    head,
    /FACET|AFFDEX|Affectiva/i,
    channels.map(({ columns: [column] }) => column),
  );
  return { id: `${stem}/face`, name: stem, type: 'Face', sourceId: '', channels, holds };
}

/** Stimuli and markers where they change: their cells are repeated in every row. */
function markers(stem: string, { names }: TableHead): MarkerColumns {
  const texts = names.flatMap((name, column) =>
    /^(StimulusName|SourceStimuliName|LiveMarker|MarkerText|PostMarker|KeyStroke|Annotation)$/.test(name)
      ? [{ name, column }]
      : [],
  );
  return {
    marks: markerStream(`${stem}/markers`, stem, 'marker'),
    begin: () => {
      const last = new Map<number, string>();
      return (cells) =>
        texts.flatMap(({ name, column }) => {
          const text = (cells[column] ?? '').trim();
          if (text === (last.get(column) ?? '')) return [];
          last.set(column, text);
          return text === '' ? [] : [`${name}/${text}`];
        });
    },
  };
}

/** `#TestRunDate : 20151014 15:14:48.732 (-04:00)`, s since 1970. */
function startOf(preamble: readonly string[]): number | null {
  const line = preamble.find((one) => one.startsWith('#TestRunDate'));
  const parts = /(\d{4})(\d\d)(\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) \(?([+-]\d\d:\d\d)\)?/.exec(line ?? '');
  if (!parts) return null;
  const [, year, month, day, time, zone] = parts;
  const ms = Date.parse(`${year}-${month}-${day}T${time}${zone}`);
  return Number.isNaN(ms) ? null : ms / 1000;
}
