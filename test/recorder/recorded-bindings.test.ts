import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { recordedBindings } from '../../src/recorder/recorded-bindings.js';
import { chunkOf } from '../../src/testing/stream-fixtures.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { eeg, gaze, recordSteps, type Step } from './recorded-parts.js';

it('are those of the last part of a recording', async () => {
  const folder = temporaryFolder();
  const bind = (source: string, stream: string): Step => ({
    do: 'take',
    message: { kind: 'bind', source, stream },
  });
  const sample = (time: number): Step[] => [
    { do: 'take', message: { kind: 'chunk', chunk: chunkOf(eeg, [[0], [0]], time) } },
    { do: 'wait', s: 1 },
  ];
  await recordSteps(
    folder,
    [
      ...[eeg, gaze].map((info): Step => ({ do: 'take', message: { kind: 'open', info } })),
      ...[bind('eeg', eeg.id), bind('eye', eeg.id), ...sample(0), ...sample(1)],
      ...[bind('eye', gaze.id), ...sample(2), ...sample(3)],
    ],
    { limits: { span_s: 2 } },
  );
  const files = readdirSync(folder).sort((a, b) => a.length - b.length);
  expect(files).toHaveLength(2);
  for (const [i, file] of files.entries()) utimesSync(join(folder, file), 1000 + i, 1000 + i);
  const bindings = recordedBindings(folder, 1100).get('lab')!;
  expect(Object.fromEntries(bindings.map(({ source, stream }) => [source, stream.name]))).toEqual({
    eeg: 'eeg',
    eye: 'gaze',
  });
});
