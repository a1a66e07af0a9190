import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Seconds } from '../core/clock.js';
import { HEAD_BYTES } from '../io/recordings/files/file-head.js';
import { aboutHead, type XdfAbout } from '../io/recordings/xdf/xdf-parts.js';

/** Recordings that are told at once, and files that are looked at for them. */
export const MOST_RECORDINGS = 200;
const MOST_FILES = 10_000;
const MOST_READ = 1000;
/** Where a file's footers are, at the latest, bytes from its end. */
const TAIL_BYTES = 1 << 16;
/** Files that wait for the disk at once: other threads of the pool serve recordings. */
const AT_ONCE = 2;

/** A recording in the folder. */
export interface ShelvedRecording {
  /** The name of its first file there; that, or any other part, is the whole recording for every command. */
  readonly file: string;
  /** Null: it isn't of a session, or doesn't tell. */
  readonly session: string | null;
  /** Names it in all its parts; null: its file doesn't tell. */
  readonly id: string | null;
  readonly bytes: number;
  readonly parts: number;
  /** The names of all of them, in order. */
  readonly files: readonly string[];
  /** When it was begun, and written to last, s since 1970. */
  readonly begun_unix_s: number | null;
  readonly written_unix_s: number;
  /** How long its streams go on, the longest of each part together; null where a part has no end that tells. */
  readonly duration_s: Seconds | null;
}

export interface Shelf {
  /** Written to last first. */
  readonly recordings: readonly ShelvedRecording[];
  /** Whether there are others. */
  readonly more: boolean;
}

interface ShelvedFile {
  readonly name: string;
  readonly bytes: number;
  readonly written_unix_s: number;
}

/** A file that was looked into. */
interface ReadFile extends ShelvedFile {
  readonly about: XdfAbout | null;
  readonly span_s: Seconds | null;
}

/** The recordings in the folder that the daemon records to: files right in it, no links, without blocking anybody. */
export class RecordingShelf {
  readonly #folder: string;
  #listing: Promise<Shelf> | null = null;
  /** By name, what was read of files that are as they were. */
  #read = new Map<string, ReadFile>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Who asks while it looks is given the same. A folder that isn't there has none. */
  list(): Promise<Shelf> {
    this.#listing ??= this.#list().finally(() => {
      this.#listing = null;
    });
    return this.#listing;
  }

  /** Opens one of its files, as far as that goes at present; null where it has none that is called so. */
  async open(name: string): Promise<{ bytes: number; read(): Readable; close(): Promise<void> } | null> {
    // It has no folders, and no name that is one of another folder.
    if (!/^[^/\\]+\.xdf$/i.test(name) || name.includes('\0')) return null;
    const path = join(this.#folder, name);
    const file = (await this.#fileOf(name)) && (await open(path, OPENED).catch(() => null));
    if (!file) return null;
    const { size: bytes } = await file.stat();
    return {
      bytes,
      read: () => file.createReadStream({ start: 0, end: bytes - 1 }),
      close: () => file.close(),
    };
  }

  async #list(): Promise<Shelf> {
    const names = (await readdir(this.#folder).catch(() => [])).filter((name) => /\.xdf$/i.test(name));
    const looked = names.length > MOST_FILES ? latest(names) : names;
    const files = (await each(looked, (name) => this.#fileOf(name))).filter((file) => file !== null);
    files.sort((a, b) => b.written_unix_s - a.written_unix_s || (a.name < b.name ? -1 : 1));
    // Parts are called alike; whether they are of one recording they say themselves.
    const alike = grouped(files, ({ name }) => stemOf(name));
    const shown = [...alike.values()].slice(0, MOST_RECORDINGS).flat().slice(0, MOST_READ);
    const read = await each(shown, (file) => this.#readOf(file));
    this.#read = new Map(read.map((file) => [file.name, file]));
    const recordings = grouped(read, ({ name, about }) => {
      const { recording = null, part = null } = about ?? {};
      return recording === null || part === null ? `file ${name}` : `recording ${recording}`;
    });
    const all = [...recordings.values()].map(recordingOf);
    all.sort((a, b) => b.written_unix_s - a.written_unix_s);
    return {
      recordings: all.slice(0, MOST_RECORDINGS),
      more: names.length > MOST_FILES || shown.length < files.length || all.length > MOST_RECORDINGS,
    };
  }

  async #fileOf(name: string): Promise<ShelvedFile | null> {
    try {
      const found = await lstat(join(this.#folder, name));
      return found.isFile() ? { name, bytes: found.size, written_unix_s: found.mtimeMs / 1000 } : null;
    } catch {
      return null;
    }
  }

  async #readOf(file: ShelvedFile): Promise<ReadFile> {
    const before = this.#read.get(file.name);
    if (before?.bytes === file.bytes && before.written_unix_s === file.written_unix_s) return before;
    try {
      const opened = await open(join(this.#folder, file.name), 'r');
      try {
        const read = async (from: number, bytes: number): Promise<Uint8Array> => {
          const { buffer, bytesRead } = await opened.read(new Uint8Array(bytes), 0, bytes, from);
          return buffer.subarray(0, bytesRead);
        };
        const about = aboutHead(await read(0, HEAD_BYTES));
        const tail = await read(Math.max(0, file.bytes - TAIL_BYTES), TAIL_BYTES);
        return { ...file, about, span_s: spanOf(tail) };
      } finally {
        await opened.close();
      }
    } catch {
      return { ...file, about: null, span_s: null };
    }
  }
}

/** What isn't of the folder itself isn't followed, where the system can tell. */
const OPENED = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key) ?? [];
    group.push(item);
    groups.set(key, group);
  }
  return groups;
}

/** In order of what is given, a few at once. */
async function each<T, R>(items: readonly T[], of: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const i = next++;
      results[i] = await of(items[i]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

const dateOf = (name: string): string => /\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d/.exec(name)?.[0] ?? '';

/** So many names as are looked at, by the dates in them. */
function latest(names: readonly string[]): string[] {
  const dated = names.map((name) => ({ name, date: dateOf(name) }));
  dated.sort((a, b) => Number(a.date < b.date) - Number(a.date > b.date));
  return dated.slice(0, MOST_FILES).map(({ name }) => name);
}

const stemOf = (name: string): string => name.replace(/(_part\d+)?(_\d+)?\.xdf$/i, '');

/** How long the longest of a file's streams goes on, by its footers; null: it has none. */
function spanOf(tail: Uint8Array): Seconds | null {
  const footer = /<first_timestamp>([^<]*)<\/first_timestamp>\s*<last_timestamp>([^<]*)<\/last_timestamp>/g;
  const spans = [...Buffer.from(tail).toString('latin1').matchAll(footer)]
    .map(([, first, last]) => Number(last) - Number(first))
    .filter((span) => Number.isFinite(span) && span >= 0);
  return spans.length > 0 ? Math.max(...spans) : null;
}

/** Of files that say that they are parts of one. */
function recordingOf(files: readonly ReadFile[]): ShelvedRecording {
  const parts = [...files].sort((a, b) => (a.about?.part ?? 0) - (b.about?.part ?? 0));
  const [{ name: file, about }] = parts;
  const isWhole = parts.every(({ span_s }) => span_s !== null);
  return {
    ...{ file, session: about?.session ?? null, id: about?.recording ?? null, parts: parts.length },
    files: parts.map(({ name }) => name),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    begun_unix_s: about?.begun_unix_s ?? null,
    written_unix_s: Math.max(...parts.map(({ written_unix_s }) => written_unix_s)),
    duration_s: isWhole ? parts.reduce((sum, { span_s }) => sum + (span_s ?? 0), 0) : null,
  };
}
