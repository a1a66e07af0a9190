import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { datasetDefinitions } from '../../../src/learn/datasets/definitions.js';

const root = join(import.meta.dirname, '..', '..', '..');
const page = readFileSync(join(root, 'docs', 'reference', 'datasets.md'), 'utf8');

describe('kinds of data sets', () => {
  it.each([...datasetDefinitions.keys()])(
    '%s is a file of this name, with a test, and documented',
    (kind) => {
      const definition = datasetDefinitions.get(kind)!;
      expect(definition.kind).toBe(kind);
      for (const path of [`src/learn/datasets/${kind}.ts`, `test/learn/datasets/${kind}.test.ts`])
        expect(existsSync(join(root, path)), path).toBe(true);
      expect(definition.summary.length).toBeGreaterThan(30);
      expect(definition.source.length).toBeGreaterThan(10);
      expect(page).toContain(`\n## ${kind}\n`);
    },
  );

  it.each([...datasetDefinitions.keys()])('%s has all its settings documented', (kind) => {
    const { settings } = datasetDefinitions.get(kind)!;
    if (!('shape' in settings)) throw new Error(`${kind}: its settings are no object`);
    const section = page.split(`\n## ${kind}\n`)[1].split('\n## ')[0];
    const common = page.split('\n## Settings of all\n')[1].split('\n## ')[0];
    for (const key of Object.keys(settings.shape as object))
      expect(section.includes(`\`${key}\``) || common.includes(`\`${key}\``), key).toBe(true);
  });

  it('are all there is in the folder', () => {
    const withKind = readdirSync(join(root, 'src', 'learn', 'datasets'))
      .filter((name) => name.endsWith('.ts'))
      .filter((name) =>
        /^ {2}kind: '/m.test(readFileSync(join(root, 'src', 'learn', 'datasets', name), 'utf8')),
      )
      .map((name) => name.slice(0, -3));
    expect(withKind.sort()).toEqual([...datasetDefinitions.keys()].sort());
  });

  it('refuse settings that they don’t know', () => {
    for (const { settings } of datasetDefinitions.values())
      expect(settings.safeParse({ path: 'x', nonsense: 1 }).success).toBe(false);
  });
});
