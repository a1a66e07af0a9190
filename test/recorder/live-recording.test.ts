import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import { describeRecorded, LiveRecording, type RecordedFacts } from '../../src/recorder/live-recording.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const folder = temporaryFolder();

const header =
  '<info><name>s</name><type>EEG</type><channel_count>1</channel_count><nominal_srate>10</nominal_srate><channel_format>float32</channel_format></info>';

function start(name: string) {
  const clock = new VirtualClock(100);
  const told: string[] = [];
  const path = join(folder, name);
  const recording = new LiveRecording({ clock, path, tell: (line) => told.push(line) });
  const open = (key: string, facts: Partial<RecordedFacts> = {}) =>
    recording.open(
      key,
      { name: key, type: 'EEG', sfreq: 10, text: false, via: 'lsl', ...facts },
      { kind: 'sender', stream: { header, format: 'float32', channels: 1 } },
      () => ({ time: clock.now() - 40, offset: 40 }),
    );
  const send = (key: string, times: readonly number[], gapBefore = false) => {
    const stamps = Float64Array.from(times);
    recording.samples(key, { kind: 'sender', times: stamps, values: stamps }, gapBefore);
  };
  return { clock, told, path, recording, open, send };
}

it('tells within seconds of a stream that gives nothing, once, and when it flows after all', () => {
  const { clock, told, open, send } = start('silent');
  open('headset');
  open('cues', { text: true, sfreq: 0 });
  open('pupil', { type: 'Gaze', sfreq: 0 });
  clock.advance(2.5);
  expect(told).toEqual([]);
  clock.advance(1);
  expect(told).toEqual([
    expect.stringMatching(/WARNING: headset \(EEG\) has sent no sample in 3 s: nothing/),
  ]);
  clock.advance(6);
  expect(told).toHaveLength(1);
  clock.advance(1);
  expect(told[1]).toMatch(/WARNING: pupil \(Gaze\)/);
  send('headset', [1, 1.1]);
  expect(told[2]).toBe('headset (EEG) flows again');
  clock.advance(4);
  expect(told[3]).toBe('WARNING: headset (EEG) has been silent for 4 s');
  expect(told).toHaveLength(4);
});

it('writes the clock offset before the first sample and every 5 s', async () => {
  const { clock, path, recording, open, send } = start('offsets');
  open('headset');
  clock.advance(1);
  send('headset', [61, 61.1]);
  clock.advance(10);
  await recording.close();
  const footer = readFileSync(path, 'latin1').split('<clock_offsets>')[1];
  expect([...footer.matchAll(/<time>(\d+)/g)].map(([, time]) => Number(time))).toEqual([61, 65, 70, 71]);
});

it('sums up samples, rate and gaps of each stream', async () => {
  const { recording, open, send } = start('summary');
  open('headset');
  open('dead');
  open('cues', { text: true, sfreq: 0 });
  send('headset', [1, 1.1, 1.2]);
  send('headset', [1.3, 3.3, 3.4]);
  send('headset', [3.6, 3.7], true);
  const [headset, dead, cues] = (await recording.close()).streams;
  expect(headset).toMatchObject({
    samples: 8,
    gaps: [
      { from: 1.3, to: 3.3 },
      { from: 3.4, to: 3.6 },
    ],
    missing: 20,
  });
  expect(headset.measured_sfreq).toBeCloseTo(10, 6);
  expect(describeRecorded(headset)).toBe(
    'headset (EEG): 8 samples at 10.0 Hz (nominal 10), 2 gaps, the longest 2.00 s, about 20 samples missing',
  );
  expect(describeRecorded(dead)).toContain('NO SAMPLES');
  expect(describeRecorded(cues)).toBe('cues (EEG): no samples');
});
