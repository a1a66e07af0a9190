import { describe, expect, it } from 'vitest';
import { type DigestedTable, differences, digestTable, type GoldenRow, type Value } from './golden-digest.js';

/** Two channels of `de` and one text, a row a second from 4 s on; `change` gives another cell. */
function table(change: (time: number, name: string, value: Value) => Value, seconds = 10): DigestedTable {
  const rows = Array.from({ length: seconds }, (_, i): GoldenRow => {
    const time = 4 + i;
    const cell = (column: string, channel: string, value: Value) => ({
      column,
      channel,
      value: change(time, channel, value),
    });
    return {
      time,
      cells: [
        cell('eeg.de', 'F3', Math.sin(i)),
        cell('eeg.de', 'F4', Math.cos(i)),
        cell('reason', '', i < 3 ? 'warming-up' : null),
      ],
    };
  });
  return digestTable(rows);
}

const kept = table((_, __, value) => value).digest;
const strict = { strict: true };
const near = { strict: false };

describe('what differs from the golden bytes', () => {
  it('is nothing where nothing does', () => {
    expect(
      differences(
        kept,
        table((_, __, value) => value),
        strict,
      ),
    ).toEqual([]);
  });

  it('is told by channel, and by the first row', () => {
    const later = table((time, channel, value) =>
      channel === 'F4' && time >= 9 ? Number(value) + 0.5 : value,
    );
    const [row, column, ...more] = differences(kept, later, strict);
    expect(row).toBe('first row that differs: 5 (at 9 s)');
    expect(column).toMatch(/^eeg\.de of F4: mean \S+, was \S+; sd \S+, was \S+$/);
    expect(more).toEqual([]);
    expect(differences(kept, later, near)).toEqual([column]);
  });

  it('is told down to the last bit on the same machine, and let pass elsewhere', () => {
    const bit = table((time, channel, value) =>
      channel === 'F3' && time === 6 ? Number(value) + 2 ** -53 : value,
    );
    expect(differences(kept, bit, strict)).toEqual([
      'first row that differs: 2 (at 6 s)',
      'eeg.de of F3: values whose mean is the same',
    ]);
    expect(differences(kept, bit, near)).toEqual([]);
  });

  it('is told of masks and texts on every machine', () => {
    const masked = table((time, channel, value) => (channel === 'F3' && time === 7 ? null : value));
    expect(differences(kept, masked, near)[0]).toMatch(/^eeg\.de of F3: 1 cells masked, were 0/);
    const moved = table((time, channel, value) => (channel === '' && time === 4 ? 'gap' : value));
    expect(differences(kept, moved, near)).toEqual(['reason: other texts or times, or other cells masked']);
  });

  it('is told of rows and columns that come and go', () => {
    expect(
      differences(
        kept,
        table((_, __, value) => value, 9),
        strict,
      ).slice(0, 1),
    ).toEqual(['rows: 9, were 10']);
    const renamed = { ...kept, columns: { 'eeg.old': kept.columns['eeg.de'], reason: kept.columns.reason } };
    expect(
      differences(
        { ...renamed, sha256: '' },
        table((_, __, value) => value),
        strict,
      ),
    ).toEqual(['columns gone: eeg.old', 'columns new: eeg.de']);
  });

  it('is told of bytes that hold the same values', () => {
    const rows = (text: string): GoldenRow[] => [{ time: 1, text, cells: [] }];
    const one = digestTable(rows('1,2'), { bytes: 'a,b\n1,2' });
    const other = digestTable(rows('1,2'), { bytes: 'a,c\n1,2' });
    expect(differences(one.digest, other, strict)).toEqual([
      'the same values in other bytes: another order, header or spelling',
    ]);
  });
});
