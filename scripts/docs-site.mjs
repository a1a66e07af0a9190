// The pages of docs/ as a static site that the daemon serves at /docs/. A file elsewhere in the package that a page links to
// becomes a page of the site, too, under package/: the site has no link into nothing.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { build } from 'esbuild';
import { Marked } from 'marked';

/** Folders of docs/ in the order in which a reader needs them. */
const folders = [
  ['tutorial', 'Tutorial'],
  ['how-to', 'How to'],
  ['how-to/devices', 'Devices'],
  ['reference', 'Reference'],
  ['explanation', 'Explanation'],
];
const external = /^[a-z][a-z+.-]*:/i;

const escapeHtml = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

export const headingId = (text) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');

/** What a reader reads of tokens, without marks. */
function plainText(tokens) {
  return tokens
    .map((token) => {
      if (token.type === 'br' || token.type === 'space') return ' ';
      if (token.type === 'table')
        return [token.header, ...token.rows]
          .map((row) => row.map((cell) => plainText(cell.tokens)).join(' '))
          .join(' ');
      if (token.type === 'list') return token.items.map((item) => plainText(item.tokens)).join(' ');
      return token.tokens
        ? plainText(token.tokens) + (token.type === 'paragraph' ? ' ' : '')
        : (token.text ?? '');
    })
    .join('');
}

export function renderMarkdown(markdown, resolve = (href) => href, resolveImage = resolve) {
  const ids = new Map();
  const sections = [];
  const marked = new Marked({ gfm: true });
  const tokens = marked.lexer(markdown);
  for (const token of tokens) {
    if (token.type === 'heading') {
      const heading = plainText(token.tokens);
      const plain = headingId(heading);
      const before = ids.get(plain) ?? 0;
      ids.set(plain, before + 1);
      token.id = before === 0 ? plain : `${plain}-${before}`;
      ids.set(token.id, ids.get(token.id) ?? 1);
      sections.push({ id: token.id, depth: token.depth, heading, text: '' });
    } else if (sections.length > 0) {
      sections[sections.length - 1].text += ` ${plainText([token])}`;
    }
  }
  for (const section of sections) section.text = section.text.replace(/\s+/g, ' ').trim();
  marked.use({
    renderer: {
      heading({ tokens, depth, id }) {
        const text = this.parser.parseInline(tokens);
        return id === undefined
          ? `<h${depth}>${text}</h${depth}>\n`
          : `<h${depth} id="${escapeHtml(id)}">${text}</h${depth}>\n`;
      },
      html: ({ text }) => escapeHtml(text),
      link({ href, tokens }) {
        return `<a href="${escapeHtml(resolve(href))}">${this.parser.parseInline(tokens)}</a>`;
      },
      image: ({ href, text }) => `<img src="${escapeHtml(resolveImage(href))}" alt="${escapeHtml(text)}">`,
      // What is wider than a phone scrolls, by keyboard too.
      code: ({ text }) => `<pre tabindex="0"><code>${escapeHtml(text)}\n</code></pre>\n`,
      table({ header, rows }) {
        const cells = (row, tag) =>
          `<tr>${row.map((cell) => `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join('')}</tr>\n`;
        return `<div class="table" role="group" aria-label="Table" tabindex="0"><table>\n<thead>${cells(header, 'th')}</thead>\n<tbody>${rows.map((row) => cells(row, 'td')).join('')}</tbody>\n</table></div>\n`;
      },
    },
  });
  return {
    html: marked.parser(tokens),
    title: sections.find(({ depth }) => depth === 1)?.heading ?? '',
    sections,
  };
}

/** Where a file of the package stands in the site if it is copied as it is. */
const placeOf = (path) => (path.startsWith('docs/') ? path.slice('docs/'.length) : `package/${path}`);

/** Where the page of a file of the package stands in the site. */
function addressOf(path) {
  const place = placeOf(path);
  return place.endsWith('.md') ? place.replace(/\.md$/, '.html') : `${place}.html`;
}

/** Every page: those of docs/, and what they link to elsewhere; and the images in them. */
function readPages(root) {
  const docs = readdirSync(join(root, 'docs'), { recursive: true })
    .map((path) => `docs/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.md'))
    .sort();
  const waiting = [...docs];
  const pages = new Map();
  const images = new Set();
  for (const path of waiting) {
    if (pages.has(path)) continue;
    const address = addressOf(path);
    const text = readFileSync(join(root, path), 'utf8');
    if (!path.endsWith('.md')) {
      const html = `<h1><code>${escapeHtml(path)}</code></h1>\n<pre tabindex="0"><code>${escapeHtml(text)}</code></pre>\n`;
      pages.set(path, { path, address, title: path, html, sections: [] });
      continue;
    }
    const targetOf = (href) => {
      const target = posix.join(posix.dirname(path), href.split('#')[0]);
      if (target.startsWith('../') || !existsSync(join(root, target)))
        throw new Error(`${path} links to ${href}, which is not there`);
      return target;
    };
    const relative = (to) => posix.relative(posix.dirname(address), to);
    const resolve = (href) => {
      if (external.test(href) || href.startsWith('#')) return href;
      const target = targetOf(href);
      waiting.push(target);
      const anchor = href.indexOf('#');
      return relative(addressOf(target)) + (anchor < 0 ? '' : href.slice(anchor));
    };
    const resolveImage = (href) => {
      const target = targetOf(href);
      images.add(target);
      return relative(placeOf(target));
    };
    pages.set(path, { path, address, ...renderMarkdown(text, resolve, resolveImage) });
  }
  return { pages: [...pages.values()], images };
}

const folderOf = ({ path }) => posix.dirname(path).slice('docs/'.length);

/** Pages of docs/ by folder, in the order of the navigation; those of a folder that is new come last. */
function shelves(pages) {
  const ofDocs = pages.filter(({ path }) => path.startsWith('docs/'));
  const known = new Set(folders.map(([folder]) => folder));
  const others = [...new Set(ofDocs.map(folderOf))].filter((folder) => !known.has(folder)).sort();
  return [...folders, ...others.map((folder) => [folder, folder || 'Other'])]
    .map(([folder, name]) => ({
      name,
      pages: ofDocs
        .filter((page) => folderOf(page) === folder)
        .sort((a, b) => a.title.localeCompare(b.title, 'en')),
    }))
    .filter((shelf) => shelf.pages.length > 0);
}

function navigation(shelved, current, up) {
  const entry = (page) => {
    if (page !== current) return `<li><a href="${up}${page.address}">${escapeHtml(page.title)}</a></li>`;
    const parts = page.sections
      .filter(({ depth }) => depth === 2)
      .map(({ id, heading }) => `<li><a href="#${escapeHtml(id)}">${escapeHtml(heading)}</a></li>`);
    return `<li><a href="${up}${page.address}" aria-current="page">${escapeHtml(page.title)}</a>${
      parts.length > 0 ? `<ul>${parts.join('')}</ul>` : ''
    }</li>`;
  };
  return shelved
    .map(({ name, pages }) => `<h2>${escapeHtml(name)}</h2>\n<ul>\n${pages.map(entry).join('\n')}\n</ul>`)
    .join('\n');
}

/** A page's first sentences, as far as they say in a line what it is about. */
function summary({ sections }) {
  const text = sections[0]?.text ?? '';
  const end = /[.:](?= [A-Z`]|$)/.exec(text);
  return end && end.index < 240 ? `${text.slice(0, end.index)}.` : '';
}

function indexPage(shelved) {
  const shelf = ({ name, pages }) =>
    `<h2 id="${headingId(name)}">${escapeHtml(name)}</h2>\n<dl>\n${pages
      .map(
        (page) =>
          `<div><dt><a href="${page.address}">${escapeHtml(page.title)}</a></dt><dd>${escapeHtml(summary(page))}</dd></div>`,
      )
      .join('\n')}\n</dl>`;
  return `<h1>affectd</h1>\n<p>EEG, eye tracker and peripheral streams in, continuous valence and arousal out.</p>\n${shelved.map(shelf).join('\n')}\n`;
}

function wholePage({ title, html, up, nav, foot }) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${up}style.css">
<script type="module" src="${up}search.js"></script>
</head>
<body>
<a class="skip" href="#site-main">Skip to the text</a>
<header>
<a class="home" href="${up}index.html">affectd docs</a>
<form id="site-search" role="search" hidden><input type="search" aria-label="Search the docs" placeholder="Search ( / )" autocomplete="off" spellcheck="false"></form>
<a class="to-pages" href="#site-pages">Pages</a>
</header>
<div class="columns">
<main id="site-main" tabindex="-1">
<section id="site-results" aria-label="Search results" hidden><p role="status"></p><ol></ol></section>
<article>
${html}</article>
<footer>${foot}</footer>
</main>
<nav id="site-pages" aria-label="Pages">
${nav}
</nav>
</div>
</body>
</html>
`;
}

export async function buildDocsSite(root, out) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { pages, images } = readPages(root);
  const shelved = shelves(pages);
  const write = (address, text) => {
    const file = join(out, address);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  for (const page of pages) {
    const up = '../'.repeat(page.address.split('/').length - 1);
    const nav = navigation(shelved, page, up);
    const foot = `<code>${escapeHtml(page.path)}</code>, affectd ${version}`;
    write(page.address, wholePage({ title: `${page.title}, affectd`, html: page.html, up, nav, foot }));
  }
  write(
    'index.html',
    wholePage({
      title: 'affectd docs',
      html: indexPage(shelved),
      up: '',
      nav: navigation(shelved, null, ''),
      foot: `affectd ${version}`,
    }),
  );
  for (const image of images) cpSync(join(root, image), join(out, placeOf(image)));
  const index = pages.map(({ address, title, sections }) => ({
    address,
    title,
    sections: sections.map(({ id, heading, text }) => [id, heading, text]),
  }));
  write('search.json', JSON.stringify(index));
  const source = join(root, 'src', 'dashboard', 'docs');
  cpSync(join(source, 'style.css'), join(out, 'style.css'));
  await build({
    entryPoints: [join(source, 'search.ts')],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    outfile: join(out, 'search.js'),
    logLevel: 'warning',
  });
}
