import { type FoundSection, findSections, type IndexedPage, queryWords } from './find-sections.js';

const site = new URL('.', import.meta.url);
const form = document.querySelector<HTMLFormElement>('#site-search')!;
const input = form.querySelector('input')!;
const results = document.querySelector<HTMLElement>('#site-results')!;
const status = results.querySelector('p')!;
const list = results.querySelector('ol')!;
const article = document.querySelector('article')!;

let index: Promise<IndexedPage[]> | null = null;

/** The index is fetched when it is first needed: who only reads doesn't load it. */
function pages(): Promise<IndexedPage[]> {
  index ??= fetch(new URL('search.json', site)).then((response) => {
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    return response.json();
  });
  index.catch(() => {
    index = null;
  });
  return index;
}

/** Text with what was looked for marked. */
function marked(text: string, words: readonly string[]): (string | HTMLElement)[] {
  const lower = text.toLowerCase();
  const parts: (string | HTMLElement)[] = [];
  let from = 0;
  while (from < text.length) {
    const next = words
      .map((word) => ({ word, place: lower.indexOf(word, from) }))
      .filter(({ place }) => place >= 0)
      .sort((a, b) => a.place - b.place || b.word.length - a.word.length)[0];
    if (!next) break;
    const mark = document.createElement('mark');
    mark.textContent = text.slice(next.place, next.place + next.word.length);
    parts.push(text.slice(from, next.place), mark);
    from = next.place + next.word.length;
  }
  return [...parts, text.slice(from)];
}

function entry({ address, title, heading, excerpt }: FoundSection, words: readonly string[]): HTMLElement {
  const item = document.createElement('li');
  const link = document.createElement('a');
  link.href = new URL(address, site).href;
  link.append(...marked(heading === title ? title : `${title}: ${heading}`, words));
  const text = document.createElement('p');
  text.append(...marked(excerpt, words));
  item.append(link, text);
  return item;
}

async function show(): Promise<void> {
  const query = input.value;
  const words = queryWords(query);
  results.hidden = words.length === 0;
  article.hidden = words.length > 0;
  if (words.length === 0) return;
  scrollTo(0, 0);
  try {
    const found = findSections(await pages(), query);
    // Something else may have been typed while the index came.
    if (input.value !== query) return;
    list.replaceChildren(...found.map((section) => entry(section, words)));
    status.textContent = found.length === 0 ? 'Nothing found.' : `${found.length} found`;
  } catch (error) {
    list.replaceChildren();
    status.textContent = `The index could not be read: ${error instanceof Error ? error.message : error}`;
  }
}

function clear(): void {
  input.value = '';
  void show();
}

form.hidden = false;
form.addEventListener('submit', (event) => {
  event.preventDefault();
  list.querySelector('a')?.click();
});
input.addEventListener('input', () => void show());
// A result on this page must be in sight again before the browser goes to it.
list.addEventListener('click', (event) => {
  if (event.target instanceof Element && event.target.closest('a')) clear();
});
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const links = [...list.querySelectorAll('a')];
  const at = links.indexOf(document.activeElement as HTMLAnchorElement);
  const searching = document.activeElement === input || at >= 0;
  if (event.key === '/' && document.activeElement !== input) input.focus();
  else if (event.key === 'Escape' && !results.hidden) {
    clear();
    input.focus();
  } else if (event.key === 'ArrowDown' && searching) links[Math.min(at + 1, links.length - 1)]?.focus();
  else if (event.key === 'ArrowUp' && at >= 0) (links[at - 1] ?? input).focus();
  else return;
  event.preventDefault();
});
