import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { headOf } from '../files/file-head.js';
import { ProblemCounts } from '../problem-counts.js';
import { DelimitedRecords } from './delimited-records.js';

const STEP_BYTES = 1 << 16;

export type Delimiter = ',' | '\t' | ';';

/** How text that starts with `head` is written: as older programs leave it where it can't be UTF-8. */
function encodingOf(head: Uint8Array): 'utf16le' | 'utf8' | 'latin1' {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf16le';
  try {
    // The last character may be cut.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return 'utf8';
  } catch {
    return 'latin1';
  }
}

/** The records of a delimited text (RFC 4180 quoting; UTF-8, Latin-1 or, with a byte order mark, UTF-16), read as a stream. */
export async function* readRecords(
  path: string,
  delimiter: Delimiter,
  problems: ProblemCounts,
): AsyncGenerator<readonly string[]> {
  const records = new DelimitedRecords(delimiter);
  const decoder = new StringDecoder(encodingOf(headOf(path)));
  const file = await open(path);
  try {
    const bytes = Buffer.alloc(STEP_BYTES);
    for (let isFirst = true; ; isFirst = false) {
      const { bytesRead } = await file.read(bytes, 0, STEP_BYTES);
      const text = bytesRead > 0 ? decoder.write(bytes.subarray(0, bytesRead)) : decoder.end();
      yield* records.take(isFirst ? text.replace(/^\uFEFF/, '') : text);
      if (bytesRead === 0) break;
    }
    // A file that was cut inside quotes ends here; the rows before it stand.
    if (yield* records.end()) problems.count("places where the text can't be read on (a quote isn't closed)");
  } finally {
    await file.close();
  }
}

export interface TableHead {
  readonly delimiter: Delimiter;
  /** Names of the columns; the last may be cut where the file's first bytes don't hold all of them. */
  readonly names: readonly string[];
  /** Lines before the names: empty or a comment after `#`. */
  readonly preamble: readonly string[];
}

/** How the table starts whose first bytes are `head`: its delimiter is the one that its line of names has most of. */
export function tableHead(head: Uint8Array): TableHead {
  const text = Buffer.from(head)
    .toString(encodingOf(head))
    .replace(/^\uFEFF/, '');
  const lines = text.split(/\r?\n/);
  const at = lines.findIndex((line) => !line.startsWith('#') && /[^\s,;"]/.test(line));
  const line = at < 0 ? '' : lines[at];
  const [delimiter] = ([',', '\t', ';'] as const)
    .map((candidate) => [candidate, line.split(candidate).length] as const)
    .reduce((a, b) => (b[1] > a[1] ? b : a));
  const names = line.split(delimiter).map(columnName);
  return { delimiter, names, preamble: at < 0 ? lines : lines.slice(0, at) };
}

/** A column's name as written in a table's head, without blanks and quotes around it. */
function columnName(cell: string): string {
  return cell.trim().replace(/^"|"$/g, '').trim();
}

export function isEmpty(cell: string | undefined): boolean {
  return cell === undefined || cell.trim() === '';
}

/** The number in a cell; NaN where there is none. */
export function numberIn(cell: string | undefined): number {
  return isEmpty(cell) ? Number.NaN : Number(cell);
}

/** The rows below a table's head of names, which has `preamble` lines before it that aren't empty. */
export async function* readRows(
  path: string,
  head: TableHead,
  problems: ProblemCounts,
): AsyncGenerator<readonly string[]> {
  let isBelow = false;
  for await (const cells of readRecords(path, head.delimiter, problems)) {
    if (isBelow) yield cells;
    else isBelow = !cells[0].startsWith('#') && cells.some((cell) => !isEmpty(cell));
  }
}

/** The head of the table at `path`, with all its columns. */
export async function readTableHead(path: string, head: TableHead): Promise<TableHead> {
  for await (const cells of readRecords(path, head.delimiter, new ProblemCounts()))
    if (!cells[0].startsWith('#') && cells.some((cell) => !isEmpty(cell)))
      return { ...head, names: cells.map(columnName) };
  return { ...head, names: [] };
}

/** A number that was written with a comma where the computer's language has one. */
export function localNumberIn(cell: string | undefined): number {
  return isEmpty(cell) ? Number.NaN : Number(cell!.replace(',', '.'));
}
