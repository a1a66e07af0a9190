import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildDocsSite, headingId, renderMarkdown } from '../../scripts/docs-site.mjs';
import { findSections, type IndexedPage } from '../../src/dashboard/docs/find-sections.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const root = join(import.meta.dirname, '..', '..');

const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'));

const pagesUnder = (folder: string): string[] => filesUnder(folder).filter((path) => path.endsWith('.html'));

/** Links of the site's pages, and of `others` beside them, that lead to no file or to no heading of the site. */
function deadLinks(site: string, others: ReadonlyMap<string, string> = new Map()): string[] {
  const html = new Map(pagesUnder(site).map((path) => [path, readFileSync(join(site, path), 'utf8')]));
  const files = new Set(filesUnder(site));
  const anchors = new Map(
    [...html].map(([path, text]) => [
      path,
      new Set([...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)),
    ]),
  );
  const dead: string[] = [];
  for (const [path, text] of [...html, ...others])
    for (const [, link] of text.matchAll(/ (?:href|src)="([^"]*)"/g)) {
      if (/^(https?|data):/.test(link)) continue;
      const [file, anchor] = link.split('#');
      const target = file === '' ? path : posix.join(posix.dirname(path), file);
      if (!files.has(target) || (anchor && !anchors.get(target)?.has(anchor))) dead.push(`${path}: ${link}`);
    }
  return dead;
}

describe('the site of the docs', () => {
  const site = temporaryFolder();
  beforeAll(() => buildDocsSite(root, site));

  it('has every page of docs/, each in the index and in the navigation of all', () => {
    const expected = filesUnder(join(root, 'docs'))
      .filter((path) => path.endsWith('.md'))
      .map((path) => path.replace(/md$/, 'html'));
    expect(expected.length).toBeGreaterThan(30);
    const index = readFileSync(join(site, 'index.html'), 'utf8');
    const other = readFileSync(join(site, 'how-to', 'devices', 'muse.html'), 'utf8');
    for (const path of expected) {
      expect(index).toContain(`<dt><a href="${path}">`);
      expect(other).toContain(`<li><a href="../../${path}"`);
    }
  });

  it('has no link that leads nowhere', () => {
    const links = readFileSync(join(site, 'reference', 'codes.html'), 'utf8').match(/ href="/g);
    expect(links!.length).toBeGreaterThan(30);
    expect(deadLinks(site)).toEqual([]);
  });

  it('has what the page links to', () => {
    const page = readFileSync(join(root, 'src', 'dashboard', 'index.html'), 'utf8');
    const links = [...page.matchAll(/href="docs\/([^"]*)"/g)].map(([, link]) => link || 'index.html');
    expect(links.length).toBeGreaterThan(2);
    expect(links.filter((link) => !pagesUnder(site).includes(link))).toEqual([]);
  });

  it('has no script and no style of its own in a page: the content security policy would refuse them', () => {
    for (const path of pagesUnder(site)) {
      const text = readFileSync(join(site, path), 'utf8');
      expect(text, path).not.toMatch(/<style|<[^>]*\s(style|on\w+)=|javascript:/);
      expect(text.match(/<script[^>]*>[^<]*/g), path).toEqual([
        expect.stringMatching(/^<script type="module" src="(\.\.\/)*search\.js">$/),
      ]);
    }
  });

  it('is searched: every word must be there, titles and headings come first', () => {
    const index: IndexedPage[] = JSON.parse(readFileSync(join(site, 'search.json'), 'utf8'));
    const muse = findSections(index, 'muse');
    expect(muse[0]).toMatchObject({ title: 'Connect a Muse' });
    const found = findSections(index, 'FDATASYNC ack');
    expect(found.length).toBeGreaterThan(0);
    for (const { address } of found) {
      const [path, anchor] = address.split('#');
      const text = readFileSync(join(site, path), 'utf8');
      expect(text).toContain(` id="${anchor}"`);
      expect(text.toLowerCase()).toContain('fdatasync');
    }
    expect(findSections(index, 'fdatasync nosuchword')).toEqual([]);
    expect(findSections(index, '  ')).toEqual([]);
  });
});

describe('a page of Markdown', () => {
  it('has the anchors that GitHub gives headings', () => {
    for (const [heading, id] of [
      ['A daemon that is killed', 'a-daemon-that-is-killed'],
      ['The client, `affectd/client`', 'the-client-affectdclient'],
      ['Lab Streaming Layer (LSL) & more: 1.2', 'lab-streaming-layer-lsl--more-12'],
      ['snake_case and Ä', 'snake_case-and-ä'],
    ])
      expect(headingId(heading.replaceAll('`', ''))).toBe(id);
    const { html, title, sections } = renderMarkdown('# A `b`\n\ntext\n\n## C\n\n## C\n');
    expect(title).toBe('A b');
    expect(sections.map(({ id }) => id)).toEqual(['a-b', 'c', 'c-1']);
    expect(html).toContain('<h1 id="a-b">A <code>b</code></h1>');
  });

  it('shows HTML instead of obeying it', () => {
    const { html } = renderMarkdown(
      '# <img src=x onerror=alert(1)>\n\n<script>alert(1)</script>\n\na <b onclick="x">b</b> `<i>`\n\n| <u> |\n|---|\n| <s>x |\n\n```html\n<p>\n```\n\n[<em>](x"y)',
    );
    expect(html).not.toMatch(/<(img|script|b|i|u|s|em|p [^>]*)[ >]/);
    expect(html).toContain('&lt;script&gt;');
    expect(html).toContain('<pre tabindex="0"><code>&lt;p&gt;\n</code></pre>');
  });

  it('is not built where it links to what is not there', async () => {
    const folder = temporaryFolder();
    const write = (path: string, text: string) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    write('package.json', '{ "version": "1.0.0" }');
    write('docs/how-to/a.md', '# A\n\n[b](../reference/b.md#x)\n');
    await expect(buildDocsSite(folder, join(folder, 'site'))).rejects.toThrow(
      'docs/how-to/a.md links to ../reference/b.md#x, which is not there',
    );
  });

  it('that links to a heading which is not there is found', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.html'), '<h1 id="x">A</h1><a href="#x">x</a>');
    const other = '<a href="a.html#x">x</a><a href="a.html#y">y</a><a href="b.html">b</a>';
    expect(deadLinks(folder, new Map([['c.html', other]]))).toEqual(['c.html: a.html#y', 'c.html: b.html']);
  });
});
