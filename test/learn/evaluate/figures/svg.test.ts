import { expect, it } from 'vitest';
import { element, figure, short, textAt } from '../../../../src/learn/evaluate/figures/svg.js';
import { parseFigure } from './parse-figure.js';

it('writes numbers short, and never as minus zero', () => {
  expect([1, 1.5, 1.005, 100, -0.001, 1e-9, 1 / 3].map(short)).toEqual([
    '1',
    '1.5',
    '1',
    '100',
    '0',
    '0',
    '0.33',
  ]);
});

it('escapes what people wrote', () => {
  expect(element('a', { b: '"<&' }, textAt(1, 2, '<&>'))).toBe(
    '<a b="&quot;&lt;&amp;"><text x="1" y="2" text-anchor="start">&lt;&amp;&gt;</text></a>',
  );
});

it('prints its label in the picture and in its title', () => {
  const frame = { width: 100, height: 50, title: 'Loss', description: 'd', label: 'LEAKY' };
  const { texts, title } = parseFigure(figure(frame));
  expect(texts).toEqual(['Loss', 'LEAKY']);
  expect(title).toBe('Loss (LEAKY)');
  expect(figure({ ...frame, label: null })).not.toContain('LEAKY');
});
