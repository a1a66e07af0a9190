import { readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { headOf } from '../files/file-head.js';
import { readVariableInteger, XDF_MAGIC, xdfTag } from './xdf-format.js';

/** A file that holds a part of a recording. */
export interface PartFile {
  readonly path: string;
  /** From 1 on. */
  readonly part: number;
}

/** What the header of an XDF file tells of itself; null where it doesn't. */
export interface XdfAbout {
  /** Names the recording that it is of, or was repaired from. */
  readonly recording: string | null;
  readonly part: number | null;
  readonly session: string | null;
  /** Names the run in which what was predicted from its samples was told. */
  readonly run: string | null;
  /** When it was begun, s since 1970. */
  readonly begun_unix_s: number | null;
}

/** What the header of an XDF file tells: which recording it is a part of, or that it is none. */
type XdfIdentity =
  | { readonly kind: 'part'; readonly recording: string; readonly part: number }
  /** What was repaired of a part: no part goes on from its bytes. */
  | { readonly kind: 'copy' | 'other' | 'unreadable' };

/**
 * The parts of the recording that `path` belongs to, in order: of a part, those in its folder; of a folder, those of the one recording
 * whose parts are all that it holds of XDF. A part of which there are several copies stands there as often, the largest first: one that
 * its disk failed to remove is less than what was written instead. Null where it is none.
 */
export function partsAt(path: string): readonly PartFile[] | null {
  if (!statSync(path).isDirectory()) {
    const identity = identityOf(path);
    if (identity.kind !== 'part') return null;
    return inOrder([...xdfFilesIn(dirname(path)), path], identity.recording);
  }
  const files = xdfFilesIn(path);
  const identities = files.map(identityOf);
  const recordings = new Set(identities.flatMap((one) => (one.kind === 'part' ? [one.recording] : [])));
  const [recording] = recordings;
  if (recordings.size !== 1 || identities.some(({ kind }) => kind === 'other')) return null;
  return inOrder(files, recording);
}

/** Of files that are parts of one recording in a folder, the first alone: it stands for all. */
export function withoutFurtherParts(paths: readonly string[]): string[] {
  const first = new Map<string, PartFile>();
  const keyed = paths.map((path) => {
    const identity = identityOf(path);
    if (identity.kind !== 'part') return { path, key: null };
    const { recording, part } = identity;
    const key = JSON.stringify([dirname(resolve(path)), recording]);
    const before = first.get(key);
    if (!before || part < before.part) first.set(key, { path, part });
    return { path, key };
  });
  return keyed.flatMap(({ path, key }) => (key === null || first.get(key)?.path === path ? [path] : []));
}

function inOrder(paths: readonly string[], recording: string): PartFile[] {
  return [...new Set(paths.map((path) => resolve(path)))]
    .flatMap((path): PartFile[] => {
      const identity = identityOf(path);
      return identity.kind === 'part' && identity.recording === recording
        ? [{ path, part: identity.part }]
        : [];
    })
    .sort((a, b) => a.part - b.part || statSync(b.path).size - statSync(a.path).size);
}

function xdfFilesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /\.xdf$/i.test(name))
    .sort()
    .map((name) => join(folder, name));
}

function identityOf(path: string): XdfIdentity {
  const about = aboutXdf(path);
  if (!about) return { kind: 'unreadable' };
  const { recording, part } = about;
  if (recording === null) return { kind: 'other' };
  return part === null ? { kind: 'copy' } : { kind: 'part', recording, part };
}

/** Null of a file that can't be read, or has no header. */
export function aboutXdf(path: string): XdfAbout | null {
  try {
    return aboutHead(headOf(path));
  } catch {
    return null;
  }
}

/** The same, of the first bytes of a file. */
export function aboutHead(head: Uint8Array): XdfAbout | null {
  const header = headerIn(head);
  if (header === null) return null;
  const [, recording = null, part] =
    /<affectd>.*?<recording>([^<]+)<\/recording>(?:<part>(\d+)<\/part>)?/s.exec(header) ?? [];
  const begun = Date.parse(/<datetime>([^<]*)<\/datetime>/.exec(header)?.[1] ?? '');
  return {
    recording,
    part: part === undefined ? null : Number(part),
    session: unescaped(/<affectd>.*?<session>([^<]*)<\/session>/s.exec(header)?.[1]),
    run: unescaped(/<affectd>.*?<run>([^<]+)<\/run>/s.exec(header)?.[1]),
    begun_unix_s: Number.isFinite(begun) ? begun / 1000 : null,
  };
}

function unescaped(text: string | undefined): string | null {
  return (
    text?.replace(/&(amp|lt|gt);/g, (_, name: string) => ({ amp: '&', lt: '<', gt: '>' })[name]!) ?? null
  );
}

/** The beginning of a file's header; null of what has none. */
function headerIn(head: Uint8Array): string | null {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const text = (from: number, to?: number): string => Buffer.from(head.subarray(from, to)).toString('utf8');
  const length = readVariableInteger(view, XDF_MAGIC.length, head.length);
  if (text(0, XDF_MAGIC.length) !== XDF_MAGIC || !length || length.next + 2 > head.length) return null;
  if (view.getUint16(length.next, true) !== xdfTag.fileHeader) return null;
  const header = text(length.next + 2, length.next + length.value);
  return header.includes('<info>') && header.includes('</info>') ? header : null;
}
