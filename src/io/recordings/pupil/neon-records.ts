import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Seconds } from '../../../core/clock.js';
import { InputError } from '../../../core/errors.js';
import { tableOf } from '../../../core/table.js';
import { RandomAccessFile } from '../files/random-access-file.js';

const readers = tableOf<{ bytes: number; read(view: Buffer, at: number): number }>({
  uint8: { bytes: 1, read: (view, at) => view[at] },
  int32: { bytes: 4, read: (view, at) => view.readInt32LE(at) },
  float32: { bytes: 4, read: (view, at) => view.readFloatLE(at) },
  // Nanoseconds since 1970: as seconds they fit a double.
  int64: { bytes: 8, read: (view, at) => seconds(view.readBigInt64LE(at)) },
});

interface Field {
  readonly name: string;
  readonly type: string;
}

/** Layouts of recordings from before the app wrote `.dtype` files beside the data. */
const olderLayouts = tableOf<readonly Field[]>({
  gaze: ['x', 'y'].map((name) => ({ name, type: 'float32' })),
  eye_state: ['left', 'right'].flatMap((eye) =>
    [
      `pupil_diameter_${eye}_mm`,
      ...['eyeball_center', 'optical_axis'].flatMap((vector) =>
        ['x', 'y', 'z'].map((axis) => `${vector}_${eye}_${axis}`),
      ),
    ].map((name) => ({ name, type: 'float32' })),
  ),
  worn: [{ name: 'worn', type: 'uint8' }],
  blinks: [
    { name: 'event_type', type: 'int32' },
    { name: 'start_timestamp_ns', type: 'int64' },
    { name: 'end_timestamp_ns', type: 'int64' },
  ],
});

interface Part {
  readonly raw: RandomAccessFile;
  /** Missing for what shares the stamps of another sensor. */
  readonly time: RandomAccessFile | null;
  readonly count: number;
}

/** The records of one sensor of a Pupil Labs Neon: `NAME ps1.raw` and `.time`, `ps2` after an interruption ... */
export class NeonRecords {
  readonly problems: string[] = [];
  readonly #parts: Part[] = [];
  readonly #fields = new Map<string, { at: number; read(view: Buffer, at: number): number }>();
  readonly #bytes: number = 0;

  /** Null where the folder holds no such records. */
  static open(folder: string, name: string): NeonRecords | null {
    const layout = layoutOf(folder, name);
    const raws = readdirSync(folder)
      .flatMap((file) => {
        const part = new RegExp(`^${name} ps(\\d+)\\.raw$`).exec(file)?.[1];
        return part === undefined ? [] : [{ file, part: Number(part) }];
      })
      .sort((a, b) => a.part - b.part);
    return layout && raws.length > 0
      ? new NeonRecords(
          folder,
          name,
          layout,
          raws.map(({ file }) => file),
        )
      : null;
  }

  private constructor(
    private readonly folder: string,
    private readonly name: string,
    layout: readonly Field[],
    files: readonly string[],
  ) {
    for (const { name, type } of layout) {
      const { bytes, read } = readers.get(type)!;
      this.#fields.set(name, { at: this.#bytes, read });
      this.#bytes += bytes;
    }
    try {
      for (const file of files) this.#openPart(join(folder, file));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get parts(): readonly { readonly count: number }[] {
    return this.#parts;
  }

  has(field: string): boolean {
    return this.#fields.has(field);
  }

  /** Stamp of a record, s since 1970; NaN where the sensor has no stamps of its own. */
  stamp(part: number, index: number): Seconds {
    const { time } = this.#parts[part];
    return time ? seconds(time.read(8 * index, 8).readBigInt64LE(0)) : Number.NaN;
  }

  /** A number of a record; stamps within it in s since 1970. Throws {@link InputError} where the layout has no such field. */
  value(part: number, index: number, field: string): number {
    const found = this.#fields.get(field);
    if (!found)
      throw new InputError(
        'recording-unreadable',
        `${join(this.folder, this.name)}.dtype: it has no field "${field}"; copy it from the device again`,
      );
    const { at, read } = found;
    return read(this.#parts[part].raw.read(this.#bytes * index, this.#bytes), at);
  }

  close(): void {
    for (const { raw, time } of this.#parts) {
      raw.close();
      time?.close();
    }
  }

  #openPart(path: string): void {
    const raw = new RandomAccessFile(path);
    const times = path.replace(/\.raw$/, '.time');
    const time = existsSync(times) ? new RandomAccessFile(times) : null;
    const records = Math.floor(raw.size / this.#bytes);
    // Whether the glasses were worn is told with the stamps of gaze.
    const stamps = time ? Math.floor(time.size / 8) : /^worn /.test(basename(path)) ? records : 0;
    const count = Math.min(records, stamps);
    this.#parts.push({ raw, time, count });
    if (records !== stamps)
      this.problems.push(
        `${basename(path)}: ${records} records but ${stamps} stamps: it was cut; the rest is ignored`,
      );
    else if (raw.size !== records * this.#bytes)
      this.problems.push(`${basename(path)}: its last record was cut; ignored`);
  }
}

/** Nanoseconds as seconds, to the last digit that a double holds. */
export function seconds(nanoseconds: bigint): Seconds {
  return Number(nanoseconds / 1_000_000_000n) + Number(nanoseconds % 1_000_000_000n) / 1e9;
}

/** What `NAME.dtype` tells: a list of `("name", "type")`; null where it is missing or has types that aren't known. */
function layoutOf(folder: string, name: string): readonly Field[] | null {
  const path = join(folder, `${name}.dtype`);
  if (!existsSync(path)) return olderLayouts.get(name) ?? null;
  const fields = [...readFileSync(path, 'utf8').matchAll(/\(\s*"(\w+)"\s*,\s*"(\w+)"\s*\)/g)].map(
    ([, field, type]) => ({ name: field, type }),
  );
  return fields.length > 0 && fields.every(({ type }) => readers.has(type)) ? fields : null;
}
