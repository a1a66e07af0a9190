import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { commandNames, commandProblem, wordsOf } from './command-problem.js';

const root = join(import.meta.dirname, '..', '..');

/** What people make or get themselves, as the guides tell; everything else that is named must be there. */
const placeholders = [/^models\/(?:mine|faces)\b/, /^src\/(?:signal\/features\/\w+|model\/networks)\/my-/];
/** Folders of the package that texts name files of. */
const named = '(?:models|pipelines|docs|fixtures|examples|schema|scripts|src|bin)';

function filesIn(folder: string, ending: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file))
    .filter((file) => ending.test(file));
}
const pages = [
  ...['docs', 'models'].flatMap((folder) => filesIn(folder, /\.md$/)),
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
];
const configurations = ['models', 'pipelines', 'examples'].flatMap((folder) => filesIn(folder, /\.ya?ml$/));
const sources = filesIn('src', /\.(?:ts|css|html)$/);
const scripts = ['scripts', 'examples'].flatMap((folder) => filesIn(folder, /\.(?:mjs|py)$/));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Paths of the package in a text. */
function pathsIn(text: string): string[] {
  const found = text.matchAll(new RegExp(`(?<![\\w./@-])${named}/[\\w.*/{},-]*[\\w*}/]`, 'g'));
  return [...found].map(([path]) => path).filter((path) => !placeholders.some((own) => own.test(path)));
}

function isThere(path: string, beside = '.'): boolean {
  if (path.includes('{')) {
    const [all, choices] = /\{([^}]*)\}/.exec(path)!;
    return choices.split(',').every((choice) => isThere(path.replace(all, choice), beside));
  }
  if (!path.includes('*'))
    return [path, `${path}.ts`, join(beside, path)].some((one) => existsSync(join(root, one)));
  const pattern = new RegExp(`^${path.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);
  const folder = path.slice(0, path.indexOf('*')).replace(/[^/]*$/, '');
  return existsSync(join(root, folder)) && filesIn(folder, pattern).length > 0;
}

/** Command lines in a page's blocks of code, and commands that its sentences mention. */
function commandsInPage(text: string): { readonly lines: string[]; readonly mentions: string[] } {
  const block = /^```[^\n]*\n([\s\S]*?)^```/gm;
  const lines = [...text.matchAll(block)].flatMap(([, code]) => code.replaceAll('\\\n', ' ').split('\n'));
  const inline = [...text.replace(block, '').matchAll(/`([^`]+)`/g)].map(([, code]) =>
    code.replaceAll('\n', ' '),
  );
  const commands = (of: readonly string[]): string[] =>
    of.flatMap((line) => /^(?:\$ |# )?(?:npx )?affectd ([a-z].*)/.exec(line.trim())?.[1] ?? []);
  return { lines: commands(lines), mentions: commands(inline) };
}

/** Command lines in comments of YAML: they end the line, or stand in backquotes. */
function commandsInComments(text: string): string[] {
  const comments = text
    .split('\n')
    .flatMap((line) => /^\s*#(.*)|\s#(.*)/.exec(line)?.slice(1).join('') ?? []);
  return comments.flatMap((comment) => [
    ...[...comment.matchAll(/`affectd ([^`]+)`/g)].map(([, line]) => line),
    ...(/(?:^|: ) *affectd ([a-z]+ [^`]*)$/.exec(comment)?.slice(1) ?? []).map(
      (line) => line.split(/ {3,}/)[0],
    ),
  ]);
}

/** String literals of a program, and templates with a path in the place of each value, after a blank: they are no whole line. */
function textsIn(file: string): string[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, false);
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) texts.push(node.text);
    else if (ts.isTemplateExpression(node))
      texts.push(
        ` ${node.head.text}` +
          node.templateSpans.map(({ literal }) => `package.json${literal.text}`).join(''),
      );
    ts.forEachChild(node, visit);
  };
  visit(source);
  return texts;
}

/** What stands after the program's name in sentences, titles and names of streams. */
const prose = new Set('listens replays runs ticks pipeline'.split(' '));

/** `i-vt|i-dt` stands for any of the two. */
function firstChoice(word: string): string {
  return word.split('|')[0];
}

/** Problems of commands that a message names: a whole line where it begins with one, else name and options. */
async function commandsOfMessage(text: string): Promise<string[]> {
  if (/^affectd [a-z]+ /.test(text) && commandNames.has(text.split(' ')[1])) {
    const words = wordsOf(text).slice(1);
    if (words.every((word) => !/[.:]$/.test(word))) return problemsOf(words);
  }
  const problems: string[] = [];
  for (const [, name, options] of text.matchAll(/\baffectd ([a-z-]+)((?: --[a-z-]+)*)/g)) {
    if (prose.has(name)) continue;
    if (!commandNames.has(name)) problems.push(`affectd ${name}`);
    else if (options)
      problems.push(
        ...(await problemsOf([name, 'package.json', ...options.trim().split(' ')])).filter((line) =>
          line.includes('unknown option'),
        ),
      );
  }
  return problems;
}

async function problemsOf(words: readonly string[]): Promise<string[]> {
  if (prose.has(words[0])) return [];
  const plain = words.map((word) => word.replace(/^\[|\]$/g, ''));
  const problem = await commandProblem(plain);
  return problem === null ? [] : [`affectd ${words.join(' ')}: ${problem}`];
}

describe('no dead end', () => {
  it('is a file that a text names', () => {
    const dead = [...pages, ...configurations, ...sources, ...scripts].flatMap((file) =>
      pathsIn(read(file))
        // The site has a page for each of docs/.
        .filter((path) => !isThere(path.replace(/^(docs\/.*)\.html$/, '$1.md'), dirname(file)))
        .map((path) => `${file}: ${path}`),
    );
    expect(dead).toEqual([]);
  });

  it('is a link of a page', () => {
    const dead = pages.flatMap((file) =>
      [...read(file).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].flatMap(
        ([, path, anchor]) => {
          const target = path === '' ? join(root, file) : join(root, dirname(file), path);
          if (!existsSync(target)) return [`${file}: ${path}`];
          const isPage = anchor !== undefined && statSync(target).isFile() && target.endsWith('.md');
          return isPage && !anchorsOf(readFileSync(target, 'utf8')).has(anchor)
            ? [`${file}: ${relative(root, target)}#${anchor}`]
            : [];
        },
      ),
    );
    expect(dead).toEqual([]);
  });

  it('is a command of a page', async () => {
    const dead: string[] = [];
    for (const file of pages) {
      const { lines, mentions } = commandsInPage(read(file));
      const problems = [
        ...(await Promise.all(lines.map((line) => problemsOf(wordsOf(line))))),
        ...(await Promise.all(mentions.map((line) => problemsOf(wordsOf(line).map(firstChoice))))).map(
          // A sentence may leave out what a command works on, and what an option takes.
          (found) => found.filter((problem) => !/missing required argument|argument missing/.test(problem)),
        ),
      ];
      dead.push(...problems.flat().map((problem) => `${file}: ${problem}`));
    }
    expect(dead).toEqual([]);
  });

  it('is a command of a configuration’s comment', async () => {
    const dead: string[] = [];
    for (const file of configurations)
      for (const line of commandsInComments(read(file)))
        dead.push(...(await problemsOf(wordsOf(line))).map((problem) => `${file}: ${problem}`));
    expect(dead).toEqual([]);
  });

  it('is a command of a message', async () => {
    const dead: string[] = [];
    for (const file of sources.filter((name) => name.endsWith('.ts')))
      for (const text of textsIn(file))
        dead.push(...(await commandsOfMessage(text)).map((problem) => `${file}: ${problem}`));
    expect(dead).toEqual([]);
  });

  it('is a script of the package', () => {
    const { scripts: known } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const dead = [...pages, ...sources, ...scripts].flatMap((file) =>
      [...read(file).matchAll(/\bnpm run ([\w:-]+)/g)].flatMap(([, name]) =>
        name in known ? [] : [`${file}: ${name}`],
      ),
    );
    expect(dead).toEqual([]);
  });
});

/** Anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of page.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.*)$/gm)) {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    anchors.add(
      text
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    );
  }
  return anchors;
}

describe('what finds dead ends', () => {
  it('knows a file that is not there', () => {
    expect(
      pathsIn('see `models/none/train.yaml`, docs/explanation/models.md.').filter((path) => !isThere(path)),
    ).toEqual(['models/none/train.yaml']);
    expect(isThere('pipelines/*.yaml') && !isThere('pipelines/*.json')).toBe(true);
  });

  it.each(['replay session.xdf --chunks 7', 'train', 'fly', 'models verify', 'run --lsl-backend neither'])(
    'refuses affectd %s',
    async (line) => {
      expect(await problemsOf(wordsOf(line))).toHaveLength(1);
    },
  );

  it.each([
    ['train it first: affectd train models/x.yaml', []],
    ['affectd flies', ['affectd flies']],
    ['mend it with affectd record --mend', [expect.stringContaining("unknown option '--mend'")]],
    ['affectd listens on http://x', []],
  ])('reads the message %j', async (text, problems) => {
    expect(await commandsOfMessage(text)).toEqual(problems);
  });
});
