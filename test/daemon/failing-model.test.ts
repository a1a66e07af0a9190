import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { httpRequest } from '../io/server/daemon.js';
import { pipelineOf } from '../pipeline/live-and-replay.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { modelOf } from './model-of.js';

const { cleanups } = cleanUpAfterEach();

it('a daemon is not ready while a model of its pipeline gives no answer', async () => {
  const pipeline = pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 1, hop_s: 0.5 }
models:
  affect: { type: hi-moe, inputs: { eeg: de }, path: models/demo }
  other: { type: hi-moe, inputs: { eeg: de }, path: models/demo }
`);
  const own = modelOf({ eeg: { channel: 'Cz', feature: 'de_alpha', unit: 'nat' } });
  const failing = { ...own, isFailing: false };
  const loaded = {
    pipeline,
    runners: new Map([
      ['affect', own],
      ['other', failing],
    ]),
  };
  const daemon = await startDaemon(
    { stdout: new PassThrough(), clock: new VirtualClock() },
    loaded,
    { host: '127.0.0.1', port: 0, engine: 'auto', logLevel: 'silent' },
    () => {},
  );
  cleanups.push(() => daemon.close());
  const ready = () => httpRequest(daemon.server.port, '/readyz');
  expect((await ready()).status).toBe(200);
  failing.isFailing = true;
  const { status, body } = await ready();
  expect([status, JSON.parse(body)]).toEqual([503, { status: 'not ready', reason: 'model-failed' }]);
  failing.isFailing = false;
  expect((await ready()).status).toBe(200);
});
