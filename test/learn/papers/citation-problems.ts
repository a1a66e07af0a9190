import { citation, placesOf } from '../../../src/learn/papers/citation.js';
import type { PlaceKind } from '../../../src/learn/papers/paper.js';
import { papers } from '../../../src/learn/papers/papers.js';

const kinds: readonly PlaceKind[] = ['section', 'Eq.', 'Table', 'Fig.'];
const known = new Set(
  papers.flatMap((paper) =>
    kinds.flatMap((kind) => placesOf(paper, kind).map((at) => citation(paper, kind, at))),
  ),
);
const names = papers.map(({ name }) => name).join('|');

/** Anything that points into some paper or specification. */
const pointer =
  /\b(?:eqs?\b\.?|equations?|tables?|figs?\.|figures?|sections?|sec\.) (?=[\dIVX])(?:[IVX]+(?:-[A-Z]\d*)?|\d+(?:\.\d+)*[a-z]?)\b/gi;
const whole = /^(section|Eq\.|Table|Fig\.) ([\w-]+(?: and [\w-]+)?) \(([^()]*)\)/;
/** Works that number their own equations and tables, as they are cited before the number. */
const otherWorks =
  /(?:RFC \d+,?|MINE,|Engbert & Kliegl 2003,|Lu et al\. 2015,|Andrew et al\. 2013,|doi:10\.1109\/TCYB\.2018\.2797176,|doi:10\.1167\/12\.10\.12,) $/;

/** Comment leaders and line breaks are blanks. */
function unwrapped(text: string): string {
  return text.replace(/\s*\n[ \t]*(?:\*(?!\/)|\/\/|#)?[ \t]*/g, ' ');
}

/** Citations in a text that are not in the one form, or not of the paper, as they stand there. */
export function citationProblems(text: string): string[] {
  const plain = unwrapped(text);
  const problems: string[] = [];
  let last: { readonly paper: string; readonly end: number } | null = null;
  for (const { 0: found, index } of plain.matchAll(pointer)) {
    const before = plain.slice(Math.max(0, index - 80), index);
    if (otherWorks.test(before)) continue;
    const named = new RegExp(`(${names}), $`).exec(before)?.[1];
    const follows: string | null =
      last && [', ', ' and '].includes(plain.slice(last.end, index)) ? last.paper : null;
    const paper: string | null = named ?? follows;
    const [full] = whole.exec(plain.slice(index)) ?? [];
    if (paper && full && known.has(`${paper}, ${full}`)) last = { paper, end: index + full.length };
    else problems.push(`${before.slice(-30)}${full ?? found}`);
  }
  return problems;
}
