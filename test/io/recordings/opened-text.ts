import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { InputError } from '../../../src/core/errors.js';
import { openRecording } from '../../../src/io/recordings/open.js';
import type { Recording } from '../../../src/io/recordings/recording.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';
import { samplesOf } from './read-recording.js';

/** Uses `text` as the recording of that file name. */
export async function openedText<T>(
  name: string,
  text: string | Uint8Array,
  use: (recording: Recording) => Promise<T>,
): Promise<T> {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  const recording = await openRecording(path);
  try {
    return await use(recording);
  } finally {
    await recording.close();
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

/** Expects the whole recording's values or NaN, or an {@link InputError}, wherever the bytes are cut. */
export async function expectMaskedPrefixes(
  name: string,
  bytes: Uint8Array,
  step: number,
  check: (recording: Recording, length: number) => void = () => {},
): Promise<void> {
  const whole = await openedText(name, bytes, (recording) => samplesOf(recording));
  for (let length = 0; length < bytes.length; length += step)
    try {
      const { streams } = await openedText(name, bytes.subarray(0, length), (recording) => {
        check(recording, length);
        return samplesOf(recording);
      });
      for (const { id, data } of streams) {
        const original = whole.streams.find((stream) => stream.id === id)!.data;
        for (const [c, values] of data.entries())
          for (const [i, value] of values.entries())
            if (!Number.isNaN(value)) expect(value).toBe(original[c][i]);
      }
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
    }
}

/**
 * Expects nothing but {@link InputError} wherever the text is overwritten with noise, and stamps that don't go back;
 * `ordered: false` where the format's own stamps say where a record lies, and so may.
 */
export async function expectOnlyInputErrors(
  name: string,
  text: string | Uint8Array,
  { runs = 60, ordered = true } = {},
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(text.length - 1),
      fc.uint8Array({ minLength: 1, maxLength: 30 }),
      async (at, noise) => {
        const bytes = Buffer.from(text);
        bytes.set(noise.subarray(0, bytes.length - at), at);
        try {
          await openedText(name, bytes, async (recording) => {
            const { streams } = await samplesOf(recording);
            for (const { times } of ordered ? streams : [])
              expect(times.every((time, i) => i === 0 || time >= times[i - 1])).toBe(true);
          });
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      },
    ),
    { numRuns: runs },
  );
}
