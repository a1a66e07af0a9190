import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyse } from 'scslre';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const source = join(import.meta.dirname, '..', 'src');

/** What is slower than linear in an expression's text; how a search for it from every place is, too. */
const slow = (expression: string, flags = ''): readonly string[] =>
  analyse({ source: expression, flags }).reports.map(({ type, exponential }) =>
    exponential ? `${type}, exponential` : type,
  );

/** Regular expressions that a file has, as they stand there. */
function expressionsOf(file: string): string[] {
  const found: string[] = [];
  const look = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) found.push(node.text);
    ts.forEachChild(node, look);
  };
  look(ts.createSourceFile(file, readFileSync(join(source, file), 'utf8'), ts.ScriptTarget.ES2022));
  return found;
}

describe('regular expressions', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );

  it('take no longer than their text is long', () => {
    const all = files.flatMap((file) => expressionsOf(file).map((text) => ({ file, text })));
    expect(all.length).toBeGreaterThan(150);
    const wrong = all.flatMap(({ file, text }) => {
      const [, expression, flags] = /^\/(.*)\/([a-z]*)$/s.exec(text)!;
      return slow(expression, flags).map((what) => `${file} ${text}: ${what}`);
    });
    expect(wrong).toEqual([]);
  });

  it.each(['^(a+)+$', '^\\s*(|no)\\s*$', '\\d+$'])('that don’t are found: %s', (text) => {
    expect(slow(text).length).toBeGreaterThan(0);
  });
});
