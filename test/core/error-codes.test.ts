import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventCodes } from '../../src/core/event.js';
import { maskReasons } from '../../src/core/features.js';
import { invalidReasons } from '../../src/core/prediction.js';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs/reference/codes.md'), 'utf8');

/** Codes in the first columns of the tables under a heading, up to the next one of its level or above. */
function documented(heading: string): string[] {
  const level = heading.indexOf(' ');
  const [, rest = ''] = page.split(`\n${heading}\n`);
  const section = rest.split(new RegExp(`\\n#{2,${level}} `))[0];
  return [...section.matchAll(/^\| (`[^|]+) \|/gm)]
    .flatMap(([, cell]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code))
    .sort();
}

/** Files in which a code is passed on that came from elsewhere. */
const passingOn = ['learn/examples/thread-pool.ts', 'model/engines/inference-thread.ts'];

/** Literal codes of each error class in src, and the files with calls whose code is no literal. */
function thrown(): { codes: Map<string, Set<string>>; unclear: string[] } {
  const codes = new Map(
    ['AffectdError', 'ConfigurationError', 'InputError'].map((c) => [c, new Set<string>()]),
  );
  const unclear: string[] = [];
  const src = join(root, 'src');
  for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file === join('core', 'errors.ts')) continue;
    const text = readFileSync(join(src, file), 'utf8');
    const calls = [
      ...text.matchAll(/new (AffectdError|ConfigurationError|InputError)\(\s*(?:'([^']+)')?/g),
      ...text.matchAll(
        /extends (AffectdError|ConfigurationError|InputError) \{[^}]*?super\(\s*(?:'([^']+)')?/g,
      ),
    ];
    for (const [, name, code] of calls)
      if (code) codes.get(name)!.add(code);
      else unclear.push(file.replaceAll('\\', '/'));
  }
  return { codes, unclear };
}

describe('docs/reference/codes.md', () => {
  const { codes, unclear } = thrown();

  it('can be checked: codes are literals where errors are made', () => {
    expect([...new Set(unclear)].sort()).toEqual(passingOn);
    expect(codes.get('ConfigurationError')).toContain('pipeline-invalid');
    expect(codes.get('ConfigurationError')).toContain('rate-irregular');
    expect(codes.get('InputError')).toContain('recording-empty');
  });

  it.each([
    ['ConfigurationError', '### Usage and configuration: exit code 2'],
    ['InputError', '### Input: exit code 3'],
    ['AffectdError', '### While running: exit code 1'],
  ])('has every code of %s, and no other', (name, heading) => {
    expect(documented(heading)).toEqual([...codes.get(name)!].sort());
  });

  it('says what each error means and what to do', () => {
    const section = page.split('\n## Error codes\n')[1].split('\n## ')[0];
    const rows = section.split('\n').filter((line) => line.startsWith('| `'));
    for (const row of rows)
      expect(
        row
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim().length > 3),
      ).toEqual([true, true, true]);
  });

  it('has every event, and no other', () => {
    expect(documented('## Events')).toEqual([...eventCodes].sort());
  });

  it('has every reason for a masked sensor, and no other', () => {
    // The last two are told of a modality, not of a vector: of its values the model knows none, or none like them.
    expect(documented('## Why a sensor is masked: `modalities.*.reason`')).toEqual(
      [...maskReasons, 'unmapped-channels', 'out-of-distribution'].sort(),
    );
  });

  it('has every reason for a prediction that is not valid, and no other', () => {
    expect(documented('## Why a prediction is not valid: `reason`')).toEqual([...invalidReasons].sort());
  });
});
