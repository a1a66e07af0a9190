import { createHash, type Hash } from 'node:crypto';

/** What a cell holds: null where it is masked, an array where it is a raw window. */
export type Value = number | string | boolean | null | Float32Array;

/** One row of what a pipeline gave. */
export interface GoldenRow {
  readonly time: number | null;
  /** The row's bytes; by default those of its cells. */
  readonly text?: string;
  readonly cells: readonly GoldenCell[];
}

/** `column` is what several channels have one of each. */
export interface GoldenCell {
  readonly column: string;
  readonly channel: string;
  readonly value: Value;
}

export interface ColumnDigest {
  /** {@link SHORT} characters a channel. */
  readonly each: string;
  /** Cells; left out where there are none. */
  readonly masked?: number;
  /** Of the numbers in all channels; left out where there are none. */
  readonly mean?: number;
  readonly sd?: number;
  /** Of all that isn't a number. */
  readonly rest: string;
}

export interface TableDigest {
  readonly sha256: string;
  readonly rows: number;
  /** {@link SHORT} characters a time. */
  readonly each: string;
  readonly columns: Readonly<Record<string, ColumnDigest>>;
}

/** What the test says of a table beside its digest. */
export interface DigestedTable {
  readonly digest: TableDigest;
  /** Rows of one time that follow each other are told as one. */
  readonly times: readonly (number | null)[];
  /** Channels of each column, in order. */
  readonly channels: ReadonlyMap<string, readonly string[]>;
}

/** Characters that tell a row or a channel: 12 bits, since the whole has a digest of its own. */
const SHORT = 2;
/** Digits kept of a mean, to be read by people. */
const DIGITS = 9;
/** Characters of what tells the rest of a column. */
const REST = 6;
/** Numbers of another machine may differ by this, against the column's own size. */
const RELATIVE = 1e-6;

export interface DigestOptions {
  /** Bytes that hold the rows, where they hold more than those. */
  readonly bytes?: string;
}

export function digestTable(rows: Iterable<GoldenRow>, { bytes }: DigestOptions = {}): DigestedTable {
  const whole = createHash('sha256');
  const columns = new Map<string, Map<string, ChannelSum>>();
  const times: (number | null)[] = [];
  const each: Hash[] = [];
  let count = 0;
  for (const { time, text, cells } of rows) {
    if (count++ === 0 || time !== times.at(-1)) {
      times.push(time);
      each.push(createHash('sha256'));
    }
    let own = text ?? '';
    for (const { column, channel, value } of cells) {
      const channels = columns.get(column) ?? new Map<string, ChannelSum>();
      columns.set(column, channels);
      const sum = channels.get(channel) ?? new ChannelSum();
      channels.set(channel, sum);
      const said = textOf(value);
      sum.add(time, value, said);
      if (text === undefined) own += `${column} ${channel} ${said}\n`;
    }
    each.at(-1)!.update(`${time} ${own}\n`);
    whole.update(bytes === undefined ? `${time} ${own}\n` : '');
  }
  whole.update(bytes ?? '');
  return {
    digest: {
      sha256: whole.digest('hex'),
      rows: count,
      each: each.map((hash) => short(hash.digest())).join(''),
      columns: Object.fromEntries(
        [...columns].map(([column, channels]) => [column, columnDigest([...channels.values()])]),
      ),
    },
    times,
    channels: new Map([...columns].map(([column, channels]) => [column, [...channels.keys()]])),
  };
}

/** One channel of one column, as its cells come. */
class ChannelSum {
  readonly bytes: Hash = createHash('sha256');
  readonly rest: Hash = createHash('sha256');
  masked = 0;
  count = 0;
  sum = 0;
  squares = 0;

  add(time: number | null, value: Value, text: string): void {
    this.bytes.update(`${time} ${text}\n`);
    if (value === null) this.masked++;
    else if (typeof value === 'number') this.#count(value);
    else if (value instanceof Float32Array) for (const x of value) this.#count(x);
    const isNumber = typeof value === 'number' || value instanceof Float32Array;
    this.rest.update(`${time} ${isNumber ? 'number' : text}\n`);
  }

  #count(x: number): void {
    this.count++;
    this.sum += x;
    this.squares += x * x;
  }
}

function columnDigest(channels: readonly ChannelSum[]): ColumnDigest {
  const total = (of: (channel: ChannelSum) => number): number =>
    channels.reduce((sum, channel) => sum + of(channel), 0);
  const masked = total((channel) => channel.masked);
  const count = total((channel) => channel.count);
  const mean = total((channel) => channel.sum) / count;
  const variance = total((channel) => channel.squares) / count - mean * mean;
  const rest = createHash('sha256');
  for (const channel of channels) rest.update(channel.rest.digest());
  return {
    each: channels.map((channel) => short(channel.bytes.digest())).join(''),
    ...(masked > 0 && { masked }),
    ...(count > 0 && { mean: rounded(mean), sd: rounded(Math.sqrt(Math.max(0, variance))) }),
    rest: rest.digest('base64url').slice(0, REST),
  };
}

const rounded = (x: number): number => Number(x.toPrecision(DIGITS));

const short = (digest: Buffer): string => digest.toString('base64url').slice(0, SHORT);

function textOf(value: Value): string {
  if (!(value instanceof Float32Array)) return JSON.stringify(value);
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return createHash('sha256').update(bytes).digest('base64url');
}

export interface CompareOptions {
  /** Whether bytes must be equal; otherwise rows, masks and texts must, and numbers within rounding. */
  readonly strict: boolean;
  /** What numbers are rounded to, where they are. */
  readonly step?: number;
}

/** Most columns that are named. */
const MOST = 12;

/** How a table differs from the one that was kept, a line each; none where it doesn't. */
export function differences(
  kept: TableDigest,
  { digest, times, channels }: DigestedTable,
  { strict, step = 0 }: CompareOptions,
): string[] {
  if (kept.sha256 === digest.sha256) return [];
  const lines: string[] = [];
  if (kept.rows !== digest.rows) lines.push(`rows: ${digest.rows}, were ${kept.rows}`);
  if (strict) {
    const row = firstDifference(kept.each, digest.each);
    if (row < times.length) lines.push(`first row that differs: ${row} (at ${times[row]} s)`);
  }
  const gone = Object.keys(kept.columns).filter((column) => !(column in digest.columns));
  const come = Object.keys(digest.columns).filter((column) => !(column in kept.columns));
  if (gone.length > 0) lines.push(`columns gone: ${gone.join(', ')}`);
  if (come.length > 0) lines.push(`columns new: ${come.join(', ')}`);
  const named = Object.entries(digest.columns).flatMap(([column, now]) => {
    const was = kept.columns[column];
    if (!was) return [];
    const said = columnDifference(was, now, strict, step);
    return said === null ? [] : [`${column}${whichChannels(was, now, channels.get(column)!)}: ${said}`];
  });
  lines.push(...named.slice(0, MOST));
  if (named.length > MOST) lines.push(`and ${named.length - MOST} columns more`);
  if (strict && named.length + gone.length + come.length === 0)
    lines.push('the same values in other bytes: another order, header or spelling');
  return lines;
}

function columnDifference(
  was: ColumnDigest,
  now: ColumnDigest,
  strict: boolean,
  step: number,
): string | null {
  const said: string[] = [];
  const [had, has] = [was, now].map(({ each }) => each.length / SHORT);
  if (had !== has) said.push(`${has} channels, were ${had}`);
  const { masked = 0 } = now;
  if (masked !== (was.masked ?? 0)) said.push(`${masked} cells masked, were ${was.masked ?? 0}`);
  const most = strict ? 0 : RELATIVE * (Math.abs(was.mean ?? 0) + (was.sd ?? 0)) + step;
  for (const of of ['mean', 'sd'] as const) {
    const [a, b] = [was[of], now[of]];
    if (a === b || (a !== undefined && b !== undefined && Math.abs(a - b) <= most)) continue;
    said.push(`${of} ${b ?? 'none'}, was ${a ?? 'none'}`);
  }
  if (said.length > 0) return said.join('; ');
  if (was.rest !== now.rest) return 'other texts or times, or other cells masked';
  return strict && was.each !== now.each ? 'values whose mean is the same' : null;
}

function whichChannels(was: ColumnDigest, now: ColumnDigest, names: readonly string[]): string {
  if (was.each.length !== now.each.length || names.length === 1) return '';
  const own = names.filter((_, c) => shortAt(was.each, c) !== shortAt(now.each, c));
  return own.length === 0 || own.length === names.length ? '' : ` of ${own.join(', ')}`;
}

/** The first place that differs; the length of the longer where the one is the other's beginning. */
function firstDifference(a: string, b: string): number {
  const places = Math.max(a.length, b.length) / SHORT;
  for (let i = 0; i < places; i++) if (shortAt(a, i) !== shortAt(b, i)) return i;
  return places;
}

const shortAt = (text: string, i: number): string => text.slice(SHORT * i, SHORT * (i + 1));
