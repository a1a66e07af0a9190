import { expect, it } from 'vitest';
import { markdownCell, parameterRows } from '../../../src/pipeline/reference/markdown-table.js';

it('makes a row of each property, with type, default and meaning', () => {
  const rows = parameterRows(
    {
      required: ['to'],
      properties: {
        type: { const: 'x' },
        to: { enum: ['a', 'b'], description: 'one | other' },
        n: { type: 'integer', default: 3 },
        pairs: {
          type: 'array',
          items: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] },
        },
        either: { anyOf: [{ type: 'string' }, { const: 1 }] },
      },
    },
    ['type'],
  );
  expect(rows).toEqual([
    '| `to` | `a`, `b` | required | one \\| other |',
    '| `n` | integer | `3` |  |',
    '| `pairs` | list of [string, number] |  |  |',
    '| `either` | string or `1` |  |  |',
  ]);
  expect(parameterRows({ type: 'object' })).toEqual([]);
  expect(markdownCell('a\nb')).toBe('a b');
});
