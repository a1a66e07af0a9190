import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DelimitedRecords } from '../../../../src/io/recordings/tables/delimited-records.js';

/** Records of a text in pieces of so many characters; null at the end: it was cut within quotes. */
function recordsOf(text: string, size = Number.POSITIVE_INFINITY): (readonly string[] | null)[] {
  const records = new DelimitedRecords(',');
  const all: (readonly string[] | null)[] = [];
  for (let at = 0; at < text.length; at += size) all.push(...records.take(text.slice(at, at + size)));
  const end = records.end();
  let next = end.next();
  for (; !next.done; next = end.next()) all.push(next.value);
  if (next.value) all.push(null);
  return all;
}

/** The same of a parser that others wrote. */
function theirRecordsOf(text: string): string[][] | null {
  try {
    return parse(text, {
      ...{ bom: false, relax_column_count: true, relax_quotes: true, skip_empty_lines: true },
    }) as string[][];
  } catch {
    return null;
  }
}

describe('records of delimited text', () => {
  it.each([
    ['a,b\n1,2', [['a', 'b'], ['1', '2']]],
    ['a,\r\n\r\n,1\r\n', [['a', ''], ['', '1']]],
    ['a\r"b\r"\r', [['a'], ['b\r']]],
    ['"a,""b""",\n"",c', [['a,"b"', ''], ['', 'c']]],
    ['a"b","c"d,"e"\n', [['a"b"', '"c"d', 'e']]],
    ['a\nb\r\nc', [['a'], ['b\r'], ['c']]],
    ['""\n', [['']]],
    ['a\n"b,c\nd', [['a'], null]],
    ['', []],
  ])('%j', (text, records) => {
    expect(recordsOf(text)).toEqual(records);
  }); // biome-ignore format: a table

  it('are what another parser finds, in pieces of any size', () => {
    const text = fc
      .array(fc.constantFrom('"', '""', ',', '\n', '\r\n', '\r', 'a', 'bc', ' ', 'ü'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 5 }), (given, size) => {
        const whole = recordsOf(given);
        expect(recordsOf(given, size)).toEqual(whole);
        const theirs = theirRecordsOf(given);
        if (theirs) expect(whole).toEqual(theirs);
        else expect(whole.at(-1)).toBeNull();
      }),
      { numRuns: 2000 },
    );
  });
});
