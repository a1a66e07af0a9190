import type { Paper, Place, PlaceKind, PublishedTable } from './paper.js';
import { papers } from './papers.js';

/** The one form in which a place in a paper is cited: `Hi-MoE, Eq. 7 (NT-Xent)`. */
export function citation(paper: Paper, kind: PlaceKind, { number, name }: Place): string {
  return `${paper.name}, ${kind} ${number} (${name})`;
}

/** A paper's places of one kind. */
export function placesOf(paper: Paper, kind: PlaceKind): readonly Place[] {
  const { sections, equations, tables, graphics } = paper;
  return { section: sections, 'Eq.': equations, Table: tables, 'Fig.': graphics }[kind];
}

/** Tables that have figures, by their citation. */
export const publishedTables: ReadonlyMap<string, PublishedTable> = new Map(
  papers.flatMap((paper) =>
    paper.tables
      .filter(({ rows }) => rows.length > 0)
      .map((table) => [citation(paper, 'Table', table), table] as const),
  ),
);
