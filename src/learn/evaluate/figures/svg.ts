type Attributes = Readonly<Record<string, string | number>>;

/** A number as it stands in a file: at most two decimals, and the same bytes wherever it is written. */
export function short(value: number): string {
  return String(Number(value.toFixed(2)) + 0);
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** An element; `children` are markup already. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? short(value) : escaped(value)}"`,
  );
  const inner = children.join('');
  return `<${name}${written.join('')}${inner ? `>${inner}</${name}>` : '/>'}`;
}

/** Text at a place; `anchor` as in SVG. */
export function textAt(
  x: number,
  y: number,
  text: string,
  anchor: 'start' | 'middle' | 'end' = 'start',
  attributes: Attributes = {},
): string {
  return element('text', { x, y, 'text-anchor': anchor, ...attributes }, escaped(text));
}

export interface FigureFrame {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** What the figure shows, for those who do not see it. */
  readonly description: string;
  /** Printed large, such as `LEAKY`; null: none. */
  readonly label: string | null;
}

/** A whole file, with title, description and label. White ground, so that it reads on dark pages too. */
export function figure(frame: FigureFrame, ...children: readonly string[]): string {
  const { width, height, title, description, label } = frame;
  const heading = label ? `${title} (${label})` : title;
  return `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${short(width)} ${short(height)}`,
      width,
      height,
      role: 'img',
      'font-family': 'system-ui, sans-serif',
      'font-size': 12,
      fill: '#1a1a1a',
    },
    element('title', {}, escaped(heading)),
    element('desc', {}, escaped(description)),
    element('rect', { width, height, fill: '#ffffff' }),
    textAt(12, 20, title, 'start', { 'font-size': 14, 'font-weight': 600 }),
    ...(label
      ? [textAt(width - 12, 20, label, 'end', { 'font-size': 14, 'font-weight': 700, fill: '#b00020' })]
      : []),
    ...children,
  )}\n`;
}
