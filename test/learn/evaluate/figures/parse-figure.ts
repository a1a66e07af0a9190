import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { expect } from 'vitest';

export interface ParsedFigure {
  /** All texts, in order. */
  readonly texts: readonly string[];
  readonly title: string;
  readonly description: string;
  /** Path data of all lines and areas. */
  readonly paths: readonly string[];
}

/** Checks that `svg` is a figure as all are to be, and gives what stands in it. */
export function parseFigure(svg: string): ParsedFigure {
  expect(XMLValidator.validate(svg)).toBe(true);
  expect(svg).not.toMatch(/NaN|Infinity|undefined|null/);
  const found = { texts: [] as string[], paths: [] as string[], title: '', description: '' };
  type Node = Record<string, unknown> & { ':@'?: Record<string, string> };
  const textOf = (children: Node[]): string => children.map((c) => String(c['#text'] ?? '')).join('');
  const walk = (nodes: Node[]): void => {
    for (const node of nodes)
      for (const [name, value] of Object.entries(node)) {
        if (!Array.isArray(value)) continue;
        if (name === 'text') found.texts.push(textOf(value));
        if (name === 'title') found.title = textOf(value);
        if (name === 'desc') found.description = textOf(value);
        if (name === 'path') found.paths.push(node[':@']!['@_d']);
        walk(value);
      }
  };
  walk(new XMLParser({ preserveOrder: true, ignoreAttributes: false, parseTagValue: false }).parse(svg));
  expect(found.title).not.toBe('');
  expect(found.description).not.toBe('');
  expect(svg).toContain('role="img"');
  return found;
}
