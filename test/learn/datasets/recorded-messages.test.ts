import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordedMessages } from '../../../src/learn/datasets/recorded-messages.js';
import { fixtures } from './fixture-copy.js';

describe('the messages of a recording', () => {
  it('are all there, in order', async () => {
    const { messages, streams } = await recordedMessages(join(fixtures, 'xdf-sessions', 'mine.xdf'));
    expect(streams.map(({ info, samples }) => [info.type, samples])).toEqual([
      ['EDA', 80],
      ['Markers', 6],
    ]);
    expect(messages.filter(({ kind }) => kind === 'marker')).toHaveLength(6);
    expect(messages[0].kind).toBe('open');
    expect(messages.at(-1)!.kind).toBe('close');
  });

  it('tell the file that can’t be read', async () => {
    await expect(recordedMessages('/nowhere.xdf')).rejects.toMatchObject({ code: 'recording-missing' });
  });
});
