import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { placesOf, publishedTables } from '../../../src/learn/papers/citation.js';
import type { Paper, PlaceKind } from '../../../src/learn/papers/paper.js';
import { papers } from '../../../src/learn/papers/papers.js';
import { publishedFigures } from '../../../src/learn/papers/published-figures.js';

const kinds: readonly PlaceKind[] = ['section', 'Eq.', 'Table', 'Fig.'];

describe.each(papers.map((paper) => [paper.name, paper] as const))('%s', (_, paper) => {
  it('has each number and each name once', () => {
    for (const kind of kinds) {
      const places = placesOf(paper, kind);
      expect(new Set(places.map(({ number }) => number)).size, kind).toBe(places.length);
      expect(new Set(places.map(({ name }) => name)).size, kind).toBe(places.length);
    }
  });

  it('has a cell for each column of each row', () => {
    for (const { number, columns, rows } of paper.tables) {
      expect(
        rows.map(({ cells }) => cells.length),
        number,
      ).toEqual(rows.map(() => columns.length));
      expect(new Set(rows.map(({ name }) => name)).size, number).toBe(rows.length);
    }
  });

  it('speaks of its own tables and equations alone', () => {
    const texts = [...paper.contradictions, ...paper.unstated, ...paper.tables.map(({ says }) => says)];
    for (const text of texts)
      for (const [, kind, numbers] of text.matchAll(
        /\b(Table|Eq\.|Fig\.)s? ((?:[IVX]+\b|\d+)(?:(?:, | and )(?:[IVX]+\b|\d+(?!\.?\d)))*)/g,
      ))
        for (const number of numbers.split(/, | and /))
          expect(numbersOf(paper, kind as PlaceKind), text).toContain(number);
  });
});

function numbersOf(paper: Paper, kind: PlaceKind): string[] {
  return placesOf(paper, kind).flatMap(({ number }) => number.split(' and '));
}

describe('publishedFigures', () => {
  const figures = (citation: string, group: string | null = null) =>
    publishedFigures(publishedTables.get(citation)!, group);

  it('takes per cent to shares, and keeps what is printed', () => {
    const atam = figures('ATAM, Table II (SEED)');
    expect(atam.at(-1)).toEqual({
      row: 'ATAM',
      quantity: 'class',
      metric: 'accuracy',
      missing: null,
      printed: '94.8 ± 7.5 %',
      value: 0.948,
      sd: 0.075,
    });
    expect(atam.find(({ row }) => row === 'MAX (2015)')).toMatchObject({ printed: '81.7 %', sd: null });
    expect(figures('PRNet, Table IV (DEAP)', 'V').at(-1)).toMatchObject({
      printed: '55.57* %',
      value: 0.5557,
    });
  });

  it('leaves out empty cells and other columns', () => {
    const dreamer = figures('Hi-MoE, Table 2 (regression)', 'DREAMER');
    expect(dreamer).toHaveLength(5 * 3);
    expect(dreamer.some(({ row }) => row.includes('Face'))).toBe(false);
    const late = figures('Hi-MoE, Table 8 (missing rates, EEG and PPS)').filter(({ row }) =>
      row.startsWith('Late'),
    );
    expect(late.map(({ missing }) => missing)).toEqual([0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]);
  });
});

/** Our transcription was made from it; it is no part of the project. */
const transcript = join(import.meta.dirname, '../../../../shared/PAPERS.md');

describe.skipIf(!existsSync(transcript))('the transcript of the papers (absent here)', () => {
  it('has the same figures, digit by digit', () => {
    const text = existsSync(transcript) ? readFileSync(transcript, 'utf8') : '';
    const chapters = text.split(/^# \d\. /m);
    for (const paper of papers) {
      const chapter = chapters.find((part) => part.startsWith(paper.name))!;
      for (const table of paper.tables.filter(({ rows }) => rows.length > 0)) {
        const [, section] = chapter.split(new RegExp(`^## Tables? ${table.number}: `, 'm'));
        const printed = section
          .split(/^## /m)[0]
          .split('\n')
          .filter((line) => line.startsWith('|'))
          .slice(2);
        const cells = printed.map((line) =>
          line
            .split('|')
            .slice(2, -1)
            .map((cell) => cell.trim().replaceAll('\\', '').replace('—', '-').replace(/^$/, '-')),
        );
        const width = table.columns.length * (table.rows[0].cells[0].includes('±') ? 2 : 1);
        expect(
          table.rows.map((row) => row.cells.flatMap((cell) => cell.split(' ± '))),
          `${paper.name}, ${table.number}`,
        ).toEqual(cells.map((row) => row.slice(-width)));
      }
    }
  });
});
