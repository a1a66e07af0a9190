import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { SystemClock } from '../../src/core/clock.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { DaemonRecorder } from '../../src/recorder/daemon-recorder.js';
import { LiveRecording } from '../../src/recorder/live-recording.js';
import { examples } from '../io/protocol/examples.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const folder = temporaryFolder();

it('places on its session’s clock what lagging models predict after the session has ended, each its own stream', async () => {
  const signals = { stream: 'signals', session: 'lab', seq: 0, time: null, zero: null, id: 'headset' };
  const info = {
    ...{ name: 'headset', type: 'EEG', source_id: '', sfreq: 10 },
    channels: [{ label: 'Fp1', unit: 'uV', type: 'EEG' }],
  };
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) =>
    socket.on('message', (text) => {
      const { id } = JSON.parse(String(text));
      const messages = [
        { jsonrpc: '2.0', id, result: { success: [], failure: [] } },
        { ...signals, kind: 'open', info },
        {
          ...signals,
          kind: 'samples',
          time: 0,
          zero: 50,
          times: [50, 50.1],
          data: [[1], [2]],
          gap_before: false,
        },
        { ...signals, kind: 'close', zero: 50 },
        { ...examples.affect[0], session: 'lab', time: 4 },
        { ...examples.affect[0], session: 'lab', time: 5, node: 'stress', valence: -0.5 },
      ];
      for (const message of messages) socket.send(JSON.stringify(message));
    }),
  );
  await new Promise((resolve) => server.once('listening', resolve));
  const clock = new SystemClock();
  const path = join(folder, 'lagging.xdf');
  let recorded = (): void => {};
  const predicted = new Promise<void>((resolve) => {
    recorded = resolve;
  });
  const tell = (line: string): void => {
    if (line === '+ predictions of session lab by stress') setImmediate(recorded);
  };
  const recording = new LiveRecording({ clock, path, tell });
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const recorder = new DaemonRecorder(recording, { clock, url, wanted: () => true, tell });
  await predicted;
  recorder.close();
  await recording.close();
  server.close();
  const file = await openRecording(path);
  await file.close();
  expect(file.inArrivalOrder).toBe(true);
  expect(file.streams.map(({ info, first }) => [info.type, info.name, first])).toEqual([
    ['EEG', 'headset', 50],
    ['Affect', 'affect', 54],
    ['Affect', 'stress', 55],
  ]);
});
