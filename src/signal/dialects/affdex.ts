/**
 * Affectiva AFFDEX's names of facial expressions, lower case without spaces, and the action unit that each of them is (McDuff et al.
 * 2016, doi:10.1145/2851581.2890247; Bishay et al. 2022, doi:10.48550/arXiv.2202.12059). Emotions, smirks (one-sided) and
 * attention are no action units; nor is AU43 (eyes closed) AU45 (a blink).
 */
const actionUnits: ReadonlyMap<string, number> = new Map([
  ['innerbrowraise', 1],
  ['browraise', 2],
  ['browfurrow', 4],
  ['eyewiden', 5],
  ['cheekraise', 6],
  ['lidtighten', 7],
  ['nosewrinkle', 9],
  ['upperlipraise', 10],
  ['smile', 12],
  ['dimpler', 14],
  ['lipcornerdepressor', 15],
  ['chinraise', 17],
  ['lippucker', 18],
  ['lipstretch', 20],
  ['lippress', 24],
  ['mouthopen', 25],
  ['jawdrop', 26],
  ['lipsuck', 28],
  ['eyeclosure', 43],
]);

/** Of AFFDEX's scores, which say how likely an expression is. */
export const affdexUnit = '0..100';

/** The action unit of an expression in AFFDEX's words (`Brow Furrow`, `browFurrow`); undefined where it is none. */
export function affdexActionUnit(label: string): number | undefined {
  return actionUnits.get(label.replace(/[\s_]/g, '').toLowerCase());
}
