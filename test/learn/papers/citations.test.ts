import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { citationProblems } from './citation-problems.js';

const root = join(import.meta.dirname, '..', '..', '..');
/** What quotes the papers' numbers itself: another test holds it to them. */
const sources = /^(?:src\/learn\/papers\/|docs\/reference\/papers\.md$)/;

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file))
    .filter((file) => /\.(?:ts|md|ya?ml|py|mjs|css|html)$/.test(file) && !sources.test(file));
}

const folders = ['src', 'docs', 'models', 'pipelines', 'examples', 'scripts', 'fixtures'];
const files = [...folders.flatMap(filesIn), 'README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'];

describe('citations of the papers', () => {
  it('name a place that the paper has, and what stands there', () => {
    const problems = files.flatMap((file) =>
      citationProblems(readFileSync(join(root, file), 'utf8')).map((problem) => `${file}: ${problem}`),
    );
    expect(problems).toEqual([]);
  });

  it('cite no page that is not in the project', () => {
    const outside = files.filter((file) =>
      /\b(?:METHODS|PAPERS|EVIDENCE|CONVENTIONS|HABITS|DATASETS|CLI)(?:\b(?!\.md)|\.md)/.test(
        readFileSync(join(root, file), 'utf8'),
      ),
    );
    expect(outside).toEqual([]);
  });
});

describe('citationProblems', () => {
  it.each([
    'ATAM, Eq. 7 (cosine loss)',
    'NT-Xent (Chen et al. 2020; Hi-MoE, Eq. 7 (NT-Xent)), averaged',
    'ATAM, Eq. 10 (attention weights), Eq. 11 (attention fusion)',
    'as in Hi-MoE,\n * Table 3 (missing rates,\n * all modalities).',
    'ATAM, Table IV and V (ablation)',
    'a close code (RFC 6455 section 7.4)',
    'a section of the page, the table below, section(2, list)',
  ])('takes %s', (text) => {
    expect(citationProblems(text)).toEqual([]);
  });

  it.each([
    ['a number that the paper does not have', 'ATAM, Eq. 14 (cosine loss)'],
    ['another equation’s number', 'ATAM, Eq. 5 (cosine loss)'],
    ['a number alone', 'ATAM, Eq. 7'],
    ['a range', 'ATAM, Eq. 2 to 4'],
    ['a section where none has a number', 'Hi-MoE, section 3.4: ordinal regression'],
    ['another form', "ATAM's Table I (eye features)"],
    ['another paper’s equation', 'PRNet, Eq. 7 (NT-Xent)'],
    ['nobody’s table', 'with 0 to 40 % missing (Table 9)'],
    ['a bad one that follows a good one', 'ATAM, Eq. 10 (attention weights), Eq. 12 (attention fusion)'],
    [
      'one that a full stop parts from its paper',
      'ATAM, Eq. 10 (attention weights). Eq. 11 (attention fusion)',
    ],
    ['several', 'Hi-MoE, Tables 3, 8 and 9'],
  ])('refuses %s', (_, text) => {
    expect(citationProblems(text)).toHaveLength(1);
  });
});
