import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Seconds } from '../../core/clock.js';
import type { Random } from '../../core/random.js';
import type { Disk, DiskFile } from '../../recorder/disk/disk.js';
import type { ProcessClock, WorldTime } from './world-time.js';

/** A disk writes so much at once or not at all, bytes. */
const SECTOR_BYTES = 512;
/** Means of what a call and a sync take, s. */
const CALL_S: Seconds = 0.0002;
const SYNC_S: Seconds = 0.004;

interface Write {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** Bytes that grow in place; what lies between what was written is zero. */
class Content {
  #bytes = Buffer.alloc(0);
  #length = 0;

  write({ position, bytes }: Write): void {
    const end = position + bytes.length;
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, 2 * this.#bytes.length, 4096));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, position);
    this.#length = Math.max(this.#length, end);
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}

interface StoredFile {
  /** As its readers see it while there is power. */
  content: Content;
  /** What a power cut leaves for sure. */
  readonly safe: Content;
  /** Not synced yet, in order. */
  unsynced: Write[];
  written_unix_s: Seconds;
}

/** What a process asks of a disk. */
interface DiskCalls {
  readonly clock: ProcessClock;
  readonly call: <T>(mean_s: Seconds, act: () => T) => Promise<T>;
  readonly sync: (file: StoredFile) => Promise<void>;
}

/** What becomes of a name when a file is made (`before` is null), removed (`after` is null) or called otherwise. */
interface NameChange {
  readonly folder: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly file: StoredFile;
}

/** What is wrong with a disk at present. */
export interface DiskTrouble {
  /** Every write and every new file fails with this code of the system's. */
  code: 'ENOSPC' | 'EROFS' | 'EIO' | 'EMFILE' | null;
  /** How much longer a call takes, s. */
  slow_s: Seconds;
}

/** A disk of a world: what isn't synced may be lost at a power cut, whole, torn and in any order. */
export class WorldDisk {
  readonly trouble: DiskTrouble = { code: null, slow_s: 0 };
  /** By name, as its readers see them while there is power. */
  readonly #files = new Map<string, StoredFile>();
  /** What a power cut leaves for sure of the names, and what it may not, in order. */
  #safeFiles = new Map<string, StoredFile>();
  #unsynced: NameChange[] = [];
  #cuts = 0;

  constructor(
    readonly time: WorldTime,
    readonly random: Random,
  ) {}

  /** The disk as one process has it: what that has asked for ends with it. */
  of(clock: ProcessClock): Disk {
    const call = <T>(mean_s: Seconds, act: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        const cuts = this.#cuts;
        const due = this.time.now + this.random.exponential(mean_s) + this.trouble.slow_s;
        this.time.at(due, () => {
          // A call of a killed process is done, or isn't; one that a power cut came before isn't.
          if (this.#cuts > cuts || (clock.isDead && this.random.uniform() < 0.5)) return;
          let given: T;
          try {
            given = act();
          } catch (error) {
            clock.arrive(() => reject(error));
            return;
          }
          clock.arrive(() => resolve(given));
        });
      });
    const sync = (file: StoredFile): Promise<void> => {
      const asked = file.unsynced.length;
      return call(SYNC_S, () => {
        if (this.trouble.code === 'EIO') throw errorOf('EIO');
        for (const write of file.unsynced.splice(0, asked)) file.safe.write(write);
      });
    };
    return {
      clock,
      makeFolder: () => call(CALL_S, () => this.#check()),
      create: (path) =>
        call(CALL_S, () => {
          this.#check();
          if (this.#files.has(path)) throw errorOf('EEXIST');
          const file: StoredFile = {
            ...{ content: new Content(), safe: new Content(), unsynced: [] },
            written_unix_s: clock.unix(),
          };
          this.#change({ folder: dirname(path), before: null, after: path, file });
          return this.#opened(file, { clock, call, sync });
        }),
      sync: async (path) => sync(this.#found(path).file),
      syncFolder: (path) =>
        call(SYNC_S, () => {
          this.#check();
          for (const change of this.#unsynced) if (change.folder === path) applyTo(this.#safeFiles, change);
          this.#unsynced = this.#unsynced.filter(({ folder }) => folder !== path);
        }),
      remove: (path) => call(CALL_S, () => this.#change({ ...this.#found(path), before: path, after: null })),
      rename: (from, to) =>
        call(CALL_S, () => {
          this.#check();
          this.#change({ ...this.#found(from), before: from, after: to });
        }),
      free: () => call(CALL_S, () => (this.trouble.code === 'ENOSPC' ? 0 : 1e12)),
    };
  }

  #opened(file: StoredFile, { clock, call, sync }: DiskCalls): DiskFile {
    const write = (bytes: Uint8Array, position: number): void => {
      if (this.trouble.code && this.trouble.code !== 'EMFILE') {
        // As much as there was room for.
        store(file, { position, bytes: bytes.slice(0, Math.floor(this.random.uniform() * bytes.length)) });
        throw errorOf(this.trouble.code);
      }
      store(file, { position, bytes: bytes.slice() });
      file.written_unix_s = clock.unix();
    };
    return {
      write: (bytes, position) => call(CALL_S, () => write(bytes, position)),
      datasync: () => sync(file),
      close: () => call(CALL_S, () => {}),
      writeNow: write,
    };
  }

  #found(path: string): Pick<NameChange, 'folder' | 'file'> {
    const file = this.#files.get(path);
    if (!file) throw errorOf('ENOENT');
    return { folder: dirname(path), file };
  }

  #change(change: NameChange): void {
    applyTo(this.#files, change);
    this.#unsynced.push(change);
  }

  #check(): void {
    if (this.trouble.code) throw errorOf(this.trouble.code);
  }

  /** Names of its files, in order. */
  get names(): readonly string[] {
    return [...this.#files.keys()].sort();
  }

  contentOf(name: string): Buffer {
    return this.#files.get(name)!.content.bytes;
  }

  /** The power goes: names and writes that aren't synced stay or go as it happens, sector by sector. */
  cutPower(): void {
    this.#cuts++;
    for (const change of this.#unsynced.splice(0))
      if (this.random.uniform() < 0.5) applyTo(this.#safeFiles, change);
    this.#files.clear();
    for (const [name, file] of this.#safeFiles) this.#files.set(name, file);
    for (const name of this.names) {
      const file = this.#files.get(name)!;
      const sectors = file.unsynced.flatMap(sectorsOf).filter(() => this.random.uniform() < 0.5);
      for (const sector of sectors) file.safe.write(sector);
      file.unsynced = [];
      file.content = new Content();
      file.content.write({ position: 0, bytes: file.safe.bytes });
    }
  }

  /** Writes its files to a folder of the machine, in place of what is there; `top`: the folder of the world's that it stands for. */
  writeTo(folder: string, top: string): void {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const name of this.names) {
      const path = join(folder, relative(top, name));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, this.contentOf(name));
      const { written_unix_s } = this.#files.get(name)!;
      utimesSync(path, written_unix_s, written_unix_s);
    }
  }
}

/** A change of a name that has gone, as what made it did, changes nothing. */
function applyTo(files: Map<string, StoredFile>, { before, after, file }: NameChange): void {
  if (before !== null && files.get(before) !== file) return;
  if (before !== null) files.delete(before);
  if (after !== null) files.set(after, file);
}

const errorOf = (code: string): Error => Object.assign(new Error(`${code}: the world's disk`), { code });

function store(file: StoredFile, write: Write): void {
  file.content.write(write);
  file.unsynced.push(write);
}

function sectorsOf({ position, bytes }: Write): Write[] {
  const sectors: Write[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = Math.min(bytes.length, from + SECTOR_BYTES - ((position + from) % SECTOR_BYTES));
    sectors.push({ position: position + from, bytes: bytes.subarray(from, to) });
    from = to;
  }
  return sectors;
}
