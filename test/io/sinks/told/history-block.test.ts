import { describe, expect, it } from 'vitest';
import { BLOCK_MESSAGES, HistoryBlock } from '../../../../src/io/sinks/told/history-block.js';

describe('a block of history', () => {
  it('gives its texts as they were, before it is full and packed as after', () => {
    const block = new HistoryBlock();
    const texts = Array.from({ length: BLOCK_MESSAGES }, (_, k) =>
      JSON.stringify({ k, text: `film "ü"\n${k}` }),
    );
    for (const [k, text] of texts.entries()) {
      expect(block.isFull).toBe(false);
      block.add({ stream: k % 2 === 0 ? 'affect' : 'sys', at: k, time: k / 2 }, text);
      const all = block.indicesOf(() => true);
      expect(block.textsOf(all)).toEqual(texts.slice(0, k + 1));
    }
    expect(block.isFull).toBe(true);
    const late = block.indicesOf(({ stream, at }) => stream === 'sys' && at > 60);
    expect(block.textsOf(late)).toEqual([texts[61], texts[63]]);
    expect([block.size, block.last_s]).toEqual([BLOCK_MESSAGES, 63]);
  });
});
