import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
interface LayerRule {
  readonly name: string;
  readonly comment: string;
}
const { forbidden } = createRequire(import.meta.url)(join(root, '.dependency-cruiser.cjs')) as {
  readonly forbidden: readonly LayerRule[];
};
const topOf = (folder: string): string => folder.split('/')[0];

/** By top folder, the other top folders that the import rules let it import, `core` apart. */
function allowed(): Map<string, Set<string>> {
  const tops = new Map<string, Set<string>>();
  for (const { name, comment } of forbidden) {
    if (!name.startsWith('layer-')) continue;
    const top = topOf(name.slice('layer-'.length));
    const own = tops.get(top) ?? new Set();
    tops.set(top, own);
    const [, named] = comment.split('may import: ');
    for (const folder of named.split(', '))
      if (!['nothing', 'core', top].includes(topOf(folder))) own.add(topOf(folder));
  }
  return tops;
}

/** The same, as the table of the architecture page draws it. */
function drawn(): Map<string, Set<string>> {
  const text = readFileSync(join(root, 'docs', 'explanation', 'architecture.md'), 'utf8');
  const tops = new Map<string, Set<string>>();
  for (const [, folder, imports] of text.matchAll(/^\| `([a-z]+)\/?` \| .* \| ([^|]*)\|$/gm)) {
    const named = [...imports.matchAll(/`([^`]+)`/g)].map(([, name]) => topOf(name));
    tops.set(folder, new Set(named));
  }
  // Of the commands' folder it names those that they don't import.
  const spared = tops.get('cli')!;
  tops.set('cli', new Set([...tops.keys()].filter((name) => !['core', 'cli', ...spared].includes(name))));
  return tops;
}

it('the architecture page draws the import rules', () => {
  const sorted = (tops: Map<string, Set<string>>) =>
    [...tops].map(([name, own]) => [name, [...own].sort()]).sort();
  expect(sorted(drawn())).toEqual(sorted(allowed()));
});

/** What stands between the bracket at `from` and the one that closes it. */
function inBrackets(text: string, from: number): string {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    if (text[i] === '(') depth++;
    if (text[i] === ')' && --depth === 0) return text.slice(from + 1, i).trim();
  }
  return text.slice(from + 1);
}

/** What observables are subscribed with, by file. */
function subscriptions(): readonly string[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(root, 'src', file), 'utf8').replaceAll(/^ *(\/?\*|\/\/).*$/gm, '');
      return [...text.matchAll(/([\w$]*)\??\s*\.subscribe\(/g)]
        .filter(([, of]) => of !== 'client')
        .map(({ index, 0: { length } }) => `${file}: ${inBrackets(text, index + length - 1)}`);
    });
}

it('every subscription has a handler of errors, or passes them on', () => {
  const all = subscriptions();
  expect(all.length).toBeGreaterThan(12);
  const handles = /\berror\b|: subscriber$|: containedObserver\(/;
  expect(all.filter((subscription) => !handles.test(subscription))).toEqual([]);
});
