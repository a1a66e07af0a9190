import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { InputError } from '../../src/core/errors.js';
import { openRecording } from '../../src/recordings/open.js';
import type { Recording } from '../../src/recordings/recording.js';
import { samplesOf } from './read-recording.js';

/** Uses `text` as the recording of that file name. */
export async function openedText<T>(
  name: string,
  text: string | Uint8Array,
  use: (recording: Recording) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'affectd-'));
  try {
    const path = join(folder, name);
    writeFileSync(path, text);
    const recording = await openRecording(path);
    try {
      return await use(recording);
    } finally {
      await recording.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Expects the same samples whatever the chunks. */
export async function expectChunkInvariant(recording: Recording): Promise<void> {
  const natural = await samplesOf(recording);
  for (const chunk of [1, 7, 4096]) expect(await samplesOf(recording, { chunk })).toEqual(natural);
}

/**
 * Expects a prefix of the whole recording's stamps, or an {@link InputError}, wherever the text is cut; the last stamp
 * may be of a line that was cut.
 */
export async function expectPrefixes(name: string, text: string, step: number): Promise<void> {
  const whole = await openedText(name, text, (recording) => samplesOf(recording));
  for (let length = 0; length < text.length; length += step)
    try {
      const { streams } = await openedText(name, text.slice(0, length), (recording) => samplesOf(recording));
      for (const { id, times } of streams) {
        const original = whole.streams.find((stream) => stream.id === id)!.times;
        expect(times.slice(0, -1)).toEqual(original.slice(0, Math.max(0, times.length - 1)));
      }
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
    }
}
