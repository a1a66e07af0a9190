import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openRecording } from '../../../src/io/recordings/open.js';
import { readRecording } from './read-recording.js';

/** Recordings of a Muse over LSL, which are not shipped. */
const folder = join(import.meta.dirname, '../../../../shared/recordings/muse-lsl');
const files = existsSync(folder)
  ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.xdf'))
  : [];

describe.skipIf(files.length === 0)(`recordings of a Muse (${folder}; skipped where absent)`, () => {
  it.each(files)('at most one gap that is none in each stream of %s', async (name) => {
    const recording = await openRecording(join(folder, name));
    try {
      const { streams, events } = await readRecording(recording);
      expect(events.map(({ code }) => code).filter((code) => /stamp|clock|rate/.test(code))).toEqual([]);
      for (const { info, gaps: surveyed } of recording.streams) {
        const { times, gaps } = streams.get(info.id)!;
        expect(surveyed.map(({ to }) => to)).toEqual(gaps.map((i) => times[i]));
        // Packets of twelve: where one is lost the step is some 13 periods, and jitter never took off a third of that.
        const none = gaps.filter((i) => times[i] - times[i - 1] < 9 / info.sfreq);
        expect(none.length, info.id).toBeLessThanOrEqual(1);
      }
    } finally {
      await recording.close();
    }
  });
});
