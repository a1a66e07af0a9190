import { InputError } from '../../../core/errors.js';
import { canonicalStream } from '../../../signal/dialects/canonical-stream.js';
import { streamTypeNamed } from '../../../signal/dialects/stream-type.js';
import { isUnixStamp } from '../../../signal/timebase/unix-stamps.js';
import { stemOf } from '../files/stem.js';
import { ProblemCounts } from '../problem-counts.js';
import type { RecordingFormat } from '../recording.js';
import { isEmpty, numberIn, readRecords, tableHead } from './delimited-text.js';
import { columnChannel, type MarkerColumns, type SampledColumns, TableRecording } from './table-recording.js';

/**
 * Plain CSV (RFC 4180): a `time` column in seconds and columns `<Type>.<label>[<unit>]`, one stream a type. An empty
 * cell is a missing sample; a row without any cell of a type holds no sample of that stream.
 */
export const csv: RecordingFormat = {
  name: 'CSV',
  recognise(path, head) {
    if (!head) return 0;
    const { delimiter, names } = tableHead(head);
    if (delimiter === ',' && names.includes('time') && names.some((name) => typedName.test(name))) return 2;
    return /\.csv$/i.test(path) ? 1 : 0;
  },
  async open(path) {
    const names = await namesIn(path);
    const time = names.indexOf('time');
    const streams = streamsOf(stemOf(path), names);
    if (time < 0 && names.some((name) => name.includes(';')))
      throw wrong(path, 'separated by semicolons; separate by commas, with a point in numbers');
    if (time < 0) throw wrong(path, "no 'time' column");
    if (streams.length === 0) throw wrong(path, 'no column that names a type and a label');
    return TableRecording.open(path, {
      format: 'CSV',
      names,
      streams,
      async *rows(problems) {
        let isHead = true;
        for await (const cells of readRecords(path, ',', problems)) {
          if (!isHead) yield cells;
          isHead = false;
        }
      },
      time: (cells) => numberIn(cells[time]),
      zeroUnix: (first) => (isUnixStamp(first) ? 0 : null),
    });
  },
};

const typedName = /^([A-Za-z][\w-]*)\.([^[\]]*)(?:\[([^\]]*)\])?$/;

async function namesIn(path: string): Promise<string[]> {
  for await (const names of readRecords(path, ',', new ProblemCounts()))
    return names.map((name) => name.trim());
  throw wrong(path, 'no header line');
}

function wrong(path: string, why: string): InputError {
  return new InputError(
    'recording-unrecognised',
    `${path}: ${why}; a CSV needs a 'time' column in seconds and columns like 'EEG.Fp1[uV]'`,
  );
}

/** One stream a type, in order of their first columns. */
function streamsOf(stem: string, names: readonly string[]): (SampledColumns | MarkerColumns)[] {
  const groups = new Map<string, { column: number; label: string; unit: string }[]>();
  for (const [column, name] of names.entries()) {
    const parts = typedName.exec(name);
    if (!parts) continue;
    const [, type, label, unit = ''] = parts;
    groups.set(type, [...(groups.get(type) ?? []), { column, label: label.trimEnd(), unit }]);
  }
  return [...groups].map(([type, columns]): SampledColumns | MarkerColumns => {
    const declared = { id: `${stem}/${type}`, name: stem, type, sourceId: '' };
    const channels = columns.map(({ column, label, unit }) =>
      columnChannel(column, { label, unit, type: '' }),
    );
    if (streamTypeNamed(type) === 'Markers')
      return {
        marks: canonicalStream({ ...declared, sfreq: 0, channels }).info,
        begin: () => (cells) => {
          const texts = columns.map(({ column }) => cells[column] ?? '');
          if (texts.every(isEmpty)) return [];
          return [texts.length === 1 ? texts[0] : JSON.stringify(texts)];
        },
      };
    const holds: SampledColumns['holds'] = (cells, some) =>
      some.some(({ columns: [column] }) => !isEmpty(cells[column]));
    return { ...declared, channels, holds };
  });
}
