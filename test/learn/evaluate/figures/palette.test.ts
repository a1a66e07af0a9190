import { expect, it } from 'vitest';
import { cellColours, seriesStyle } from '../../../../src/learn/evaluate/figures/palette.js';

/** Relative luminance (WCAG 2.2). */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : Math.exp(2.4 * Math.log((c + 0.055) / 1.055));
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

it('draws lines that stand out from white (WCAG 1.4.11) and from each other', () => {
  const styles = Array.from({ length: 21 }, (_, i) => seriesStyle(i));
  for (const { colour } of styles) expect(contrast(colour, '#ffffff'), colour).toBeGreaterThanOrEqual(3);
  expect(new Set(styles.map(({ colour, dash }) => colour + dash)).size).toBe(21);
});

it('writes on cells so that it can be read (WCAG 1.4.3)', () => {
  for (let share = 0; share <= 1; share += 0.01) {
    const { fill, text } = cellColours(share);
    expect(contrast(fill, text), String(share)).toBeGreaterThanOrEqual(4.5);
  }
  expect(cellColours(Number.NaN).fill).toBe('#ffffff');
  expect(cellColours(7)).toEqual(cellColours(1));
});
