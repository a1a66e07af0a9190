import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { InputError } from '../../core/errors.js';
import type { ModalityInput, ModelFrame } from '../../core/model.js';
import type { Label } from '../datasets/dataset.js';
import type { ModelInputs } from './dataset.js';
import type { Example, Origin } from './example.js';
import { FrameLayout } from './frame-layout.js';

/** An example of a file; its frame stands in the file's bytes. */
export interface StoredExample extends Pick<Example, 'window' | 'since_start' | 'since_onset' | 'label'> {
  readonly origin: Origin;
  /** Which of the file's layouts the frame has. */
  readonly layout: number;
  /** First byte of the frame. */
  readonly at: number;
}

/**
 * Places in {@link Index.origins} and {@link Index.labels}, the window's start and end, its start since those of session
 * and trial, and the layout and first byte of the frame.
 */
type Row = readonly [number, number, number, number, number, number, number, number];

/** What stands in a file beside frames, as JSON: the same for the same examples, whichever thread wrote it. */
interface Index {
  /** Recordings of a person may give different features. */
  readonly layouts: readonly (readonly (readonly [string, ModalityInput])[])[];
  readonly origins: readonly Origin[];
  readonly labels: readonly Label[];
  readonly examples: readonly Row[];
}

function indexOf(layouts: readonly ModelInputs[], examples: readonly StoredExample[]): Index {
  const [origins, labels] = [new Places<Origin>(), new Places<Label>()];
  const rows = examples.map(
    ({ origin, label, window: [start, end], since_start, since_onset, layout, at }): Row => [
      origins.of(origin),
      labels.of(rated(label)),
      start,
      end,
      since_start,
      since_onset,
      layout,
      at,
    ],
  );
  return {
    layouts: layouts.map((inputs) => [...inputs]),
    origins: origins.all,
    labels: labels.all,
    examples: rows,
  };
}

/** A label without what it doesn't say: JSON has no NaN. */
function rated({ targets, class: own }: Label): Label {
  const told = Object.entries(targets).filter(([, value]) => Number.isFinite(value));
  return { targets: Object.fromEntries(told), class: own };
}

/** Different values, each once, in order of appearance. */
class Places<T> {
  readonly all: T[] = [];
  readonly #places = new Map<string, number>();

  of(value: T): number {
    const key = JSON.stringify(value);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    this.#places.set(key, this.all.length);
    return this.all.push(value) - 1;
  }
}

/*
 * A file is frames one after another, the index, and at the end: where the index begins (float64), and who wrote it.
 */
const MAGIC = Buffer.from('affdex02');
const TAIL = 8 + MAGIC.length;

/** Frames are gathered to this many bytes before they are written. */
const AT_ONCE = 1 << 22;
/** Most that the system reads at once. */
const MOST_READ = 1 << 30;

/** Where a file is written until it is whole. */
export function partOf(path: string): string {
  return `${path}.${process.pid}.part`;
}

/** The process that a file of {@link partOf} belongs to; null for other files. */
export function writerOf(path: string): number | null {
  const found = /\.(\d+)\.part$/.exec(path);
  return found && Number(found[1]);
}

/** Writes the examples of one person, frame by frame; the file appears when it is whole. */
export class ExampleFileWriter {
  readonly #descriptor: number;
  readonly #layouts: { readonly inputs: ModelInputs; readonly layout: FrameLayout }[] = [];
  readonly #gathered = new Uint8Array(AT_ONCE);
  #used = 0;
  #written = 0;
  #open = true;

  /** Throws `InputError` where nothing can be written. */
  constructor(private readonly path: string) {
    this.#descriptor = this.#tried(() => openSync(partOf(path), 'w'));
  }

  /** A layout for frames of `inputs`; the same inputs have one. */
  layout(inputs: ModelInputs): number {
    const known = this.#layouts.findIndex((own) => sameInputs(own.inputs, inputs));
    if (known >= 0) return known;
    return this.#layouts.push({ inputs, layout: new FrameLayout(inputs.values()) }) - 1;
  }

  /** @returns where the frame stands */
  add(frame: ModelFrame, layout: number): number {
    const { layout: own } = this.#layouts[layout];
    const at = this.#written + this.#used;
    if (own.size > AT_ONCE) {
      const bytes = new Uint8Array(own.size);
      own.write(frame, bytes);
      this.#flush();
      this.#write(bytes);
      return at;
    }
    if (this.#used + own.size > AT_ONCE) this.#flush();
    own.write(frame, this.#gathered.subarray(this.#used, this.#used + own.size));
    this.#used += own.size;
    return this.#written + this.#used - own.size;
  }

  finish(examples: readonly StoredExample[]): void {
    this.#flush();
    const tail = Buffer.alloc(TAIL);
    tail.writeDoubleLE(this.#written);
    MAGIC.copy(tail, 8);
    const layouts = this.#layouts.map(({ inputs }) => inputs);
    this.#write(Buffer.from(JSON.stringify(indexOf(layouts, examples))));
    this.#write(tail);
    this.#close();
    try {
      renameSync(partOf(this.path), this.path);
    } catch (error) {
      // Another process was as far first and has it open, which some systems mind; its file is the same.
      if (!existsSync(this.path)) throw unwritable(this.path, error);
    }
  }

  /** Leaves nothing behind of a file that isn't finished. */
  discard(): void {
    this.#close();
    rmSync(partOf(this.path), { force: true });
  }

  #close(): void {
    if (this.#open) closeSync(this.#descriptor);
    this.#open = false;
  }

  #flush(): void {
    const gathered = this.#gathered.subarray(0, this.#used);
    this.#used = 0;
    this.#write(gathered);
  }

  #write(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; )
      from += this.#tried(() => writeSync(this.#descriptor, bytes, from, bytes.length - from));
    this.#written += bytes.length;
  }

  #tried<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw unwritable(this.path, error);
    }
  }
}

/** What another thread needs to read the same examples. */
export interface SharedFile {
  readonly path: string;
  /** All of the file, where it is held in memory. */
  readonly bytes: SharedArrayBuffer | null;
}

/** The examples of one person in a file, or its bytes held in memory. */
export class ExampleFile {
  readonly layouts: readonly ModelInputs[];
  readonly examples: readonly StoredExample[];
  readonly #layouts: readonly FrameLayout[];
  #bytes: SharedArrayBuffer | null;
  #descriptor: number | null;

  private constructor(
    private readonly path: string,
    readonly size: number,
    from: { readonly descriptor: number } | { readonly bytes: SharedArrayBuffer },
  ) {
    this.#descriptor = 'descriptor' in from ? from.descriptor : null;
    this.#bytes = 'bytes' in from ? from.bytes : null;
    const tail = Buffer.from(this.#read(size - TAIL, TAIL));
    if (!tail.subarray(8).equals(MAGIC)) throw new RangeError(`${path}: no examples`);
    const begin = tail.readDoubleLE();
    const text = Buffer.from(this.#read(begin, size - TAIL - begin)).toString();
    const { layouts, origins, labels, examples } = JSON.parse(text) as Index;
    this.layouts = layouts.map((inputs) => new Map(inputs));
    this.examples = examples.map(([origin, label, start, end, since_start, since_onset, layout, at]) => ({
      origin: origins[origin],
      label: labels[label],
      window: [start, end],
      since_start,
      since_onset,
      layout,
      at,
    }));
    this.#layouts = this.layouts.map((inputs) => new FrameLayout(inputs.values()));
  }

  /** Null where there is none, or it is damaged. */
  static open(path: string): ExampleFile | null {
    let descriptor: number | null = null;
    try {
      descriptor = openSync(path, 'r');
      return new ExampleFile(path, fstatSync(descriptor).size, { descriptor });
    } catch {
      if (descriptor !== null) closeSync(descriptor);
      return null;
    }
  }

  /** What another thread gave as {@link shared}. */
  static from({ path, bytes }: SharedFile): ExampleFile {
    const file = bytes ? new ExampleFile(path, bytes.byteLength, { bytes }) : ExampleFile.open(path);
    if (!file) throw unreadable(path, 'is gone');
    return file;
  }

  /** For {@link from} in another thread, which reads the same memory or the same file. */
  get shared(): SharedFile {
    return { path: this.path, bytes: this.#bytes };
  }

  /** Reads all of it into memory, from which frames come from now on. */
  load(): void {
    if (this.#descriptor === null) return;
    const bytes = new SharedArrayBuffer(this.size);
    for (let from = 0; from < this.size; from += MOST_READ) {
      const part = new Uint8Array(bytes, from, Math.min(MOST_READ, this.size - from));
      this.#fill(part, from);
    }
    this.close();
    this.#bytes = bytes;
  }

  frame({ layout, at }: StoredExample): ModelFrame {
    const own = this.#layouts[layout];
    return own.read(this.#bytes ? new Uint8Array(this.#bytes, at, own.size) : this.#read(at, own.size));
  }

  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }

  #read(at: number, length: number): Uint8Array {
    // A buffer of its own, of which views as numbers can be taken.
    const bytes = Buffer.allocUnsafeSlow(length);
    if (this.#bytes) bytes.set(new Uint8Array(this.#bytes, at, length));
    else this.#fill(bytes, at);
    return bytes;
  }

  #fill(out: Uint8Array, at: number): void {
    for (let from = 0; from < out.length; ) {
      const got = readSync(this.#descriptor!, out, from, out.length - from, at + from);
      if (got === 0) throw unreadable(this.path, 'ends early');
      from += got;
    }
  }
}

function unwritable(path: string, cause: unknown): InputError {
  const { code } = cause as NodeJS.ErrnoException;
  return new InputError(
    'examples-unwritable',
    `${path}: examples cannot be written (${code}); make room there, or name another cache folder by XDG_CACHE_HOME`,
    { cause },
  );
}

function unreadable(path: string, problem: string): InputError {
  return new InputError(
    'examples-unreadable',
    `${path}: ${problem}; run it again, and what is missing is made anew`,
  );
}

/** Whether frames of `a` are frames of `b` as they are. */
export function sameInputs(a: ModelInputs, b: ModelInputs): boolean {
  return a === b || JSON.stringify([...a]) === JSON.stringify([...b]);
}
