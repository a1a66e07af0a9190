/** A page as `search.json` has it; a section is its heading's id, the heading, and the text below it. */
export interface IndexedPage {
  /** Relative to the site's folder. */
  readonly address: string;
  readonly title: string;
  readonly sections: readonly (readonly [id: string, heading: string, text: string])[];
}

export interface FoundSection {
  /** Relative to the site's folder, with the section's anchor. */
  readonly address: string;
  readonly title: string;
  readonly heading: string;
  /** Some words around the first place in its text, or its first words. */
  readonly excerpt: string;
}

const MOST = 30;
const EXCERPT_LENGTH = 160;

/** Words of what was typed, in lower case. */
export const queryWords = (query: string): string[] => query.toLowerCase().split(/\s+/).filter(Boolean);

/**
 * Sections that have every word of a query in their text, their heading or their page's title; what has it in a title or a heading comes first.
 *
 * @returns at most 30
 */
export function findSections(pages: readonly IndexedPage[], query: string): FoundSection[] {
  const words = queryWords(query);
  if (words.length === 0) return [];
  const found: { readonly section: FoundSection; readonly score: number }[] = [];
  for (const { address, title, sections } of pages) {
    const inTitle = title.toLowerCase();
    sections.forEach(([id, heading, text], index) => {
      const inHeading = heading.toLowerCase();
      const inText = text.toLowerCase();
      let score = 0;
      for (const word of words) {
        // A title is the heading of its page's first section only: or each section of the page would come before all others.
        const here = [
          index === 0 && inTitle.includes(word) ? 8 : 0,
          inHeading.includes(word) ? 4 : 0,
          inText.includes(word) ? 1 : 0,
        ].reduce((a, b) => a + b);
        if (here === 0 && !inTitle.includes(word)) return;
        score += here;
      }
      if (score === 0) return;
      found.push({
        score,
        section: { address: `${address}#${id}`, title, heading, excerpt: excerptOf(text, inText, words) },
      });
    });
  }
  return found
    .sort((a, b) => b.score - a.score)
    .slice(0, MOST)
    .map(({ section }) => section);
}

function excerptOf(text: string, inText: string, words: readonly string[]): string {
  const places = words.map((word) => inText.indexOf(word)).filter((place) => place >= 0);
  const place = places.length > 0 ? Math.min(...places) : 0;
  const start = place < EXCERPT_LENGTH / 2 ? 0 : text.lastIndexOf(' ', place - EXCERPT_LENGTH / 4) + 1;
  const end = start + EXCERPT_LENGTH;
  return `${start > 0 ? '… ' : ''}${text.slice(start, end)}${end < text.length ? ' …' : ''}`;
}
