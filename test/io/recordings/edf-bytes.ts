/** Writes EDF and BDF by hand for tests. */

export interface EdfSignal {
  label: string;
  unit?: string;
  physical?: readonly [number, number];
  digital?: readonly [number, number];
  /** Samples of each record. */
  records: readonly (readonly number[] | Uint8Array)[];
}

export interface EdfFields {
  signals: readonly EdfSignal[];
  duration?: number | string;
  reserved?: string;
  start?: string;
  /** Local recording identification. */
  recording?: string;
  records?: number;
  format?: 'EDF' | 'BDF';
}

export function edfBytes({
  signals,
  duration = 1,
  reserved = '',
  start = '03.04.2009.10.11',
  recording = 'Startdate X X X X',
  records,
  format = 'EDF',
}: EdfFields) {
  const width = format === 'BDF' ? 3 : 2;
  const field = (value: string | number, width: number) => String(value).padEnd(width).slice(0, width);
  const count = signals[0].records.length;
  const samplesIn = (signal: EdfSignal) => {
    const [first] = signal.records;
    return first instanceof Uint8Array ? first.length / width : first.length;
  };
  const header = [
    format === 'BDF' ? '\xffBIOSEMI' : field('0', 8),
    field('X X X X', 80),
    field(recording, 80),
    field(start, 16),
    field(256 * (signals.length + 1), 8),
    field(reserved, 44),
    field(records ?? count, 8),
    field(duration, 8),
    field(signals.length, 4),
    ...signals.map((s) => field(s.label, 16)),
    ...signals.map(() => field('', 80)),
    ...signals.map((s) => field(s.unit ?? 'uV', 8)),
    ...signals.map((s) => field((s.physical ?? [-100, 100])[0], 8)),
    ...signals.map((s) => field((s.physical ?? [-100, 100])[1], 8)),
    ...signals.map((s) => field((s.digital ?? [-1000, 1000])[0], 8)),
    ...signals.map((s) => field((s.digital ?? [-1000, 1000])[1], 8)),
    ...signals.map(() => field('', 80)),
    ...signals.map((s) => field(samplesIn(s), 8)),
    ...signals.map(() => field('', 32)),
  ].join('');
  const body: Uint8Array[] = [];
  for (let r = 0; r < count; r++)
    for (const { records: all } of signals) {
      const record = all[r];
      body.push(record instanceof Uint8Array ? record : integers(record, width));
    }
  return Buffer.concat([Buffer.from(header, 'latin1'), ...body]);
}

function integers(values: readonly number[], width: number): Buffer {
  const bytes = Buffer.alloc(values.length * width);
  for (const [i, value] of values.entries()) bytes.writeIntLE(value, i * width, width);
  return bytes;
}

/** Annotation signal: the texts of each record, with `|` for the separator. */
export function annotations(...records: (string | Buffer)[]): EdfSignal {
  return annotationSignal('EDF Annotations', 80, records);
}

export function bdfAnnotations(...records: string[]): EdfSignal {
  return annotationSignal('BDF Annotations', 90, records);
}

function annotationSignal(label: string, length: number, records: (string | Buffer)[]): EdfSignal {
  return {
    label,
    unit: '',
    physical: [-1, 1],
    digital: [-32768, 32767],
    records: records.map((record) => {
      const bytes = Buffer.alloc(length);
      (typeof record === 'string' ? Buffer.from(record.replaceAll('|', '\x14')) : record).copy(bytes);
      return bytes;
    }),
  };
}
