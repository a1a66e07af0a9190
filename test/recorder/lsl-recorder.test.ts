import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseConfig } from '../../src/io/lsl/config.js';
import { loopbackInterfaces } from '../../src/io/lsl/network.js';
import { Outlet } from '../../src/io/lsl/outlet.js';
import { createStreamInfo } from '../../src/io/lsl/stream-info.js';
import { UdpService } from '../../src/io/lsl/udp-service.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { LiveRecording } from '../../src/recorder/live-recording.js';
import { LslRecorder } from '../../src/recorder/lsl-recorder.js';
import { runningClock } from '../cli/running-clock.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const folder = temporaryFolder();

it('tries an outlet again that answers discovery and no connection, and tells of it once', async () => {
  const { clock, stop } = runningClock();
  const config = parseConfig('[ports]\nMulticastPort = 17900\nBasePort = 17901\nIPv6 = disable\n', 'test');
  const network = { clock, config, events: () => {}, interfaces: loopbackInterfaces };
  const info = createStreamInfo(
    { name: 'headset', type: 'EEG', sourceId: 'x', nominalRate_hz: 100 },
    { createdAt: 0, sessionId: 'default' },
  );
  // A port that nobody listens at: found, and refused.
  const closed = createServer();
  const dataPort = await new Promise<number>((resolve) =>
    closed.listen(0, '127.0.0.1', () => resolve((closed.address() as { port: number }).port)),
  );
  closed.close();
  const { service, ports } = await UdpService.open(network);
  service.serve({ ...info, v4: { address: '', dataPort, servicePort: ports.v4 } });

  const told: string[] = [];
  let wake: () => void = () => {};
  const tell = (line: string) => {
    told.push(line);
    wake();
  };
  const until = async (condition: () => boolean) => {
    while (!condition())
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  };
  const path = join(folder, 'late.xdf');
  const recording = new LiveRecording({ clock, path, tell });
  const recorder = new LslRecorder(network, "type='EEG'", recording, tell);
  await until(() => told.length > 0);
  expect(told).toEqual([expect.stringMatching(/WARNING: headset \(EEG\) can't be recorded.*tried again/)]);

  service.close();
  const outlet = await Outlet.create(network, {
    ...{ name: 'headset', type: 'EEG', sourceId: 'x', nominalRate_hz: 100 },
  });
  await until(() => told.some((line) => line.startsWith('+ headset')));
  await outlet.waitForConsumers(10);
  const start = clock.now();
  outlet.push(
    Float32Array.from({ length: 50 }, (_, i) => i),
    Float64Array.from({ length: 50 }, (_, i) => start + i / 100),
  );
  const flowed = clock.every(0.05, () => wake());
  await until(() => recording.samplesOf('headset') === 50);
  flowed.cancel();
  expect(told.filter((line) => line.startsWith('WARNING'))).toHaveLength(1);
  recorder.close();
  expect(await recording.close()).toMatchObject({
    files: [path],
    streams: [{ name: 'headset', samples: 50 }],
  });
  await outlet.close();
  stop();
  const recorded = await openRecording(path);
  expect(recorded.streams[0].samples).toBe(50);
  await recorded.close();
});
