import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { connectStream } from '../../src/io/client/index.js';
import { loadConfig } from '../../src/io/lsl/config.js';
import { resolveStreams } from '../../src/io/lsl/resolver.js';
import type { Prediction } from '../../src/io/protocol/output.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { ownSettings } from '../io/lsl/own-settings.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { runAffectd } from './run-affectd.js';
import { runningClock } from './running-clock.js';

const { clock, stop: stopClock } = runningClock();
const folder = temporaryFolder();
await ownSettings();
const { cleanups } = cleanUpAfterEach();

afterAll(() => stopClock());

function start(args: readonly string[], onOutput?: (text: string) => void) {
  const abort = new AbortController();
  const result = runAffectd(args, { clock, signal: abort.signal, ...(onOutput ? { onOutput } : {}) });
  const stop = () => {
    abort.abort('SIGTERM');
    return result;
  };
  cleanups.push(stop);
  return { result, stop };
}

/** A simulated person whose streams can be found. */
async function simulate(streams: number, ...args: string[]): Promise<void> {
  start(['simulate', '--via', 'lsl', ...args]);
  const network = { clock, config: loadConfig(), events: () => {} };
  await resolveStreams(network, { minimum: streams, timeout_s: 1e6 });
}

describe('LSL at the command line', () => {
  it('streams says so when nothing answers', async () => {
    const { code, stdout, stderr } = await runAffectd(['streams', '--timeout', '0.3', '--json'], { clock });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ streams: [] });
    expect(stderr).toContain('no LSL stream answers');
  });

  it('streams shows what simulate offers, with channels, time base and flow', async () => {
    await simulate(3, '--profile', 'muse', '--only', 'eeg,eda');
    const { stdout } = await runAffectd(['streams', '--timeout', '1.5', '--json'], { clock });
    const { streams } = JSON.parse(stdout) as { streams: Record<string, unknown>[] };
    expect(streams.map(({ canonical_type }) => canonical_type).sort()).toEqual(['Annotation', 'EDA', 'EEG']);
    const eeg = streams.find(({ canonical_type }) => canonical_type === 'EEG')!;
    expect(eeg).toMatchObject({ sfreq: 256, time_base: 'lsl', problem: null });
    expect((eeg.channels as { label: string }[]).map(({ label }) => label)).toEqual(
      expect.arrayContaining(['TP9', 'AF7', 'AF8', 'TP10']),
    );
    expect(eeg.samples).toBeGreaterThan(200);
  });

  it('record writes streams with their metadata and clock offsets; readers get every sample', async () => {
    await simulate(3, '--only', 'eeg,ppg');
    const out = join(folder, 'recorded.xdf');
    const { code, stderr } = await runAffectd(['record', '--out', out, '--duration', '3'], { clock });
    expect(code).toBe(0);
    expect(stderr).toContain('3 streams');
    const recording = await openRecording(out);
    expect(recording.problems).toEqual([]);
    const eeg = recording.streams.find(({ info }) => info.type === 'EEG')!;
    expect(eeg.info.channels[0]).toMatchObject({ label: 'AF3', unit: 'uV' });
    let samples = 0;
    let gaps = 0;
    for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} })) {
      if (message.kind !== 'chunk' || message.chunk.info.type !== 'EEG') continue;
      samples += message.chunk.times.length;
      if (message.chunk.gapBefore) gaps++;
    }
    await recording.close();
    expect(samples).toBeGreaterThan(128);
    expect(gaps).toBe(0);
  });

  it('record exits with 3 and leaves no file where nothing is found', async () => {
    const out = join(folder, 'nothing.xdf');
    const { code, stderr } = await runAffectd(['record', '--out', out, '--duration', '0.3'], { clock });
    expect(code).toBe(3);
    expect(stderr).toContain('no LSL stream');
    await expect(openRecording(out)).rejects.toThrow();
  });

  it('refuses a query that cannot be read', async () => {
    const { code, stderr } = await runAffectd(['record', '--select', "name='x"], { clock });
    expect(code).toBe(2);
    expect(stderr).toContain('--select');
  });

  it('run --lsl predicts from the streams on the network', async () => {
    await simulate(4, '--only', 'eeg,gaze,ppg');
    let listening: (url: string) => void = () => {};
    const url = new Promise<string>((resolve) => {
      listening = resolve;
    });
    start(['run', '--lsl', '--port', '0'], (text) => {
      const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(text);
      if (found) listening(found[0]);
    });
    const client = connectStream(await url, { WebSocket });
    void client.subscribe({ streams: ['affect'], session: '*', policy: 'buffer' });
    const prediction = await new Promise<Prediction>((resolve) =>
      client.on('affect', (message) => {
        const { modalities } = message as Prediction;
        if (modalities.eeg.present && modalities.heart.present) resolve(message as Prediction);
      }),
    );
    client.close();
    expect(prediction.session).toBe('default');
    expect(prediction.valence).not.toBeNull();
  });
});
