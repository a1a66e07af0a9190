import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { StreamMessage } from '../../src/core/signal.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { XdfWriter } from '../../src/io/recordings/xdf/xdf-writer.js';
import { onGrid } from '../../src/signal/timebase/session-time.js';
import { simulateSession } from '../../src/simulation/session.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

/** Stamps, on the grid of session stamps, and values of every stream by type, whatever the chunks and ids. */
function samplesByType(messages: readonly StreamMessage[]): Record<string, number[][]> {
  const samples: Record<string, number[][]> = {};
  for (const message of messages) {
    if (message.kind !== 'chunk') continue;
    const { info, times, data } = message.chunk;
    samples[info.type] ??= [];
    times.forEach((t, k) => {
      samples[info.type].push([onGrid(t), ...info.channels.map((_, c) => data[c * times.length + k])]);
    });
  }
  return samples;
}

it('a simulated session in a float32 recording comes back bit for bit', async () => {
  const path = join(temporaryFolder(), 'session.xdf');
  const messages = [...simulateSession({ profile: 'deap32', seed: 9, duration_s: 6 })];
  const writer = XdfWriter.create(path, { format: 'float32' });
  for (const message of messages) {
    if (message.kind === 'open') writer.open(message.info);
    else if (message.kind === 'chunk') writer.write(message.chunk);
  }
  writer.close();
  const recording = await openRecording(path);
  const read: StreamMessage[] = [];
  for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} }))
    read.push(message);
  await recording.close();
  expect(recording.problems).toEqual([]);
  expect(samplesByType(read)).toEqual(samplesByType(messages));
});
