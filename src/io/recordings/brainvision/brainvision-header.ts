import type { Seconds } from '../../../core/clock.js';

/** The keys of one section of a header, as written; channel and marker entries in order of their numbers. */
export type Section = ReadonlyMap<string, string>;

const MAGIC =
  /^(?:\uFEFF|\xef\xbb\xbf)?Brain ?Vision(?: Core| V-Amp)? Data(?: Exchange)? (?:Header|Marker) File,? Version [12]\.\d/;

/** Whether a file's first bytes are those of a BrainVision header or marker file. */
export function isBrainVision(head: Uint8Array): boolean {
  return MAGIC.test(Buffer.from(head.subarray(0, 128)).toString('latin1'));
}

/** The sections of a header or marker file by their lower-case names; `[Comment]` is free text and left out. */
export function parseSections(text: string): ReadonlyMap<string, Section> {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | null = null;
  for (const line of text.split(/\r?\n/)) {
    const name = /^\[([^\]]+)\]\s*$/.exec(line)?.[1].toLowerCase();
    if (name !== undefined) {
      section = name === 'comment' ? null : (sections.get(name) ?? new Map<string, string>());
      if (section) sections.set(name, section);
    } else if (section && !line.startsWith(';')) {
      const equals = line.indexOf('=');
      if (equals > 0) section.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim());
    }
  }
  return sections;
}

/** Fields of an entry; a comma within one is written `\1`. */
export function fieldsOf(entry: string): string[] {
  return entry.split(',').map((field) => field.replaceAll('\\1', ','));
}

/** A segment's date `YYYYMMDDhhmmssuuuuuu`, taken as UTC, s since 1970; null where there is none. */
export function dateOf(field: string | undefined): Seconds | null {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{6})$/.exec(field?.trim() ?? '');
  if (!parts || /^0+$/.test(parts[0])) return null;
  const [year, month, day, hour, minute, second, microseconds] = parts.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 + microseconds / 1e6;
}
