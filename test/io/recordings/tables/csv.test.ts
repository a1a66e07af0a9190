import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/core/errors.js';
import type { SessionEvent } from '../../../../src/core/event.js';
import type { StreamInfo } from '../../../../src/core/signal.js';
import { openRecording } from '../../../../src/io/recordings/open.js';
import type { Recording } from '../../../../src/io/recordings/recording.js';
import { temporaryFolder } from '../../../setup/temporary-folder.js';
import { readRecording, samplesOf } from '../read-recording.js';

const folder = temporaryFolder();

async function opened<T>(text: string | Uint8Array, use: (recording: Recording) => Promise<T>): Promise<T> {
  const path = join(folder, 'plain.csv');
  writeFileSync(path, text);
  const recording = await openRecording(path);
  try {
    return await use(recording);
  } finally {
    await recording.close();
  }
}

/** EEG at 100 Hz, ECG at 50, gaze at 100 with holes, cues now and then. */
function table(rows: number): string {
  const lines = ['time,EEG.FP1[uV],EEG.T3[mV],ECG.II[mV],Gaze.x[deg],"Markers.cue, spoken"'];
  for (let i = 0; i < rows; i++) {
    const gaze = i >= 40 && i < 60 ? '' : String(i / 10);
    const cue = i === 25 ? '"say ""go"", now"' : '';
    lines.push([(i / 100).toFixed(3), i, i === 7 ? '' : i / 1000, i % 2 ? '' : -i, gaze, cue].join(','));
  }
  return `${lines.join('\r\n')}\r\n`;
}

describe('csv', () => {
  it.each([
    { sent_hz: 125, isUsed: true },
    { sent_hz: 60, isUsed: true },
    { sent_hz: 300, isUsed: false },
  ])('100 Hz that goes on at $sent_hz is told, and used: $isUsed', async ({ sent_hz, isUsed }) => {
    const times = Array.from({ length: 9000 }, (_, i) => (i < 6000 ? i / 100 : 60 + (i - 6000) / sent_hz));
    const rows = times.map((t, i) => `${t.toFixed(6)},${i},${i % 4 === 0 ? i : ''}`);
    await opened(['time,EEG.Cz[uV],ECG.II[uV]', ...rows].join('\n'), async (recording) => {
      const opens: StreamInfo[] = [];
      const places = new Map<string, number>();
      const events: SessionEvent[] = [];
      let masked = 0;
      let samples = 0;
      for await (const message of recording.messages({
        ...{ chunk: null, clockSync: true },
        events: (event) => events.push(event),
      })) {
        if (message.kind === 'open' && message.info.type === 'EEG') opens.push(message.info);
        if (message.kind !== 'chunk') continue;
        const { info, times: stamps, data } = message.chunk;
        // The order of stamps holds over both streams.
        expect(stamps[0]).toBeGreaterThanOrEqual(Math.max(...places.values(), 0));
        places.set(info.id, stamps[0]);
        if (info.type !== 'EEG') continue;
        expect(info).toBe(opens.at(-1));
        samples += stamps.length;
        masked += data.filter((x) => Number.isNaN(x)).length;
      }
      expect(samples).toBe(9000);
      const told = events.filter(({ code, stream }) => code === 'rate-differs' && stream?.includes('EEG'));
      for (const { time } of told) {
        expect(time).toBeGreaterThan(60);
        expect(time).toBeLessThan(71);
      }
      expect(told.at(-1)?.details?.used_hz).toBe(isUsed ? sent_hz : null);
      if (isUsed) {
        expect(opens.at(-1)?.sfreq).toBe(sent_hz);
        expect(masked).toBe(0);
      } else expect(masked).toBeGreaterThan(1500);
    });
  });

  it('finds the rate of EEG that was stamped packet by packet, and of nothing that may be irregular', async () => {
    const rows = Array.from(
      { length: 6000 },
      (_, i) => `${(Math.floor(i / 12) * 12) / 256},${i % 7},${i % 5}`,
    );
    await opened(['time,EEG.Fp1[uV],Gaze.x[deg]', ...rows].join('\n'), async (recording) => {
      // Ten packets pass before a step between two is known to be none.
      const late = recording.streams.map(({ info, gaps }) => [
        info.type,
        info.sfreq,
        gaps.filter(({ from }) => from > 0.5),
      ]);
      expect(late).toEqual([
        ['EEG', 256, []],
        ['Gaze', 0, []],
      ]);
    });
  });

  it('reads names in UTF-8 and, as older programs write them, in Latin-1', async () => {
    const text = 'time,EEG.Fp1[\u00b5V],Markers.\u00fcbung\n0,1,\n0.01,2,\u00e4\n';
    for (const encoding of ['utf8', 'latin1'] as const)
      await opened(Buffer.from(text, encoding), async (recording) => {
        expect(recording.problems).toEqual([]);
        expect(recording.streams[0].info.channels).toMatchObject([{ label: 'Fp1', unit: 'uV' }]);
        const { streams, markers } = await readRecording(recording);
        expect([...streams.values()][0].data).toEqual([[1, 2]]);
        expect(markers.map(({ value }) => value).join()).toContain('\u00e4');
      });
  });

  it('gives each type a stream with its own rate; empty cells are missing, empty rows are holes', async () => {
    await opened(table(200), async (recording) => {
      expect(recording.problems).toEqual([]);
      expect(
        recording.streams.map(({ info, samples, gaps }) => [info.type, info.sfreq, samples, gaps.length]),
      ).toEqual([
        ['EEG', 100, 200, 0],
        ['ECG', 50, 100, 0],
        ['Gaze', 100, 180, 1],
        ['Markers', 0, 1, 0],
      ]);
      expect(recording.streams[0].info.channels.map(({ label, unit }) => [label, unit])).toEqual([
        ['Fp1', 'uV'],
        ['T3', 'uV'],
      ]);
      const { streams, markers, order } = await readRecording(recording);
      const [eeg, ecg, gaze] = [...streams.values()];
      expect(eeg.times[137]).toBe(1.37);
      expect(eeg.data[0][137]).toBe(137);
      expect(eeg.data[1].slice(6, 9)).toEqual([6, Number.NaN, 8]);
      expect(ecg.data[0].slice(0, 3)).toEqual([0, -2, -4]);
      expect(gaze.gaps).toEqual([40]);
      expect(markers).toEqual([{ stream: 'plain/Markers', time: 0.25, value: 'say "go", now' }]);
      expect(order).toEqual([...order].sort((a, b) => a - b));
    });
  });

  it('gives the same samples whatever the chunks', async () => {
    await opened(table(300), async (recording) => {
      const natural = await samplesOf(recording);
      for (const chunk of [1, 7, 64, 4096]) expect(await samplesOf(recording, { chunk })).toEqual(natural);
    });
  });

  it('sees through rounded times, and tells irregular streams', async () => {
    const rounded = Array.from({ length: 500 }, (_, i) => `${(i / 128).toFixed(3)},${i}`).join('\n');
    expect(await opened(`time,EEG.Cz\n${rounded}\n`, async (r) => r.streams[0].info.sfreq)).toBe(128);
    const jittery = Array.from({ length: 500 }, (_, i) => `${i + Math.sin(i * i) / 2.2},${i}`).join('\n');
    expect(await opened(`time,Gaze.x\n${jittery}\n`, async (r) => r.streams[0].info.sfreq)).toBe(0);
  });

  it('reads what it can of bad rows, and counts them', async () => {
    const text = 'time,EEG.Cz[uV],EEG.Pz[uV]\n0,1,2\n1,x,3\n,9,9\n0.5,9,9\n2,4\n';
    await opened(text, async (recording) => {
      expect(recording.problems).toHaveLength(4);
      const { streams } = await samplesOf(recording);
      expect(streams[0].times).toEqual([0, 1, 2]);
      expect(streams[0].data).toEqual([
        [1, Number.NaN, 4],
        [2, 3, Number.NaN],
      ]);
    });
  });

  it('reads a file that was cut anywhere, up to the cut', async () => {
    const text = table(30);
    for (let length = 0; length < text.length; length += 3) {
      try {
        await opened(text.slice(0, length), async (recording) => {
          for (const stream of (await samplesOf(recording)).streams)
            expect(stream.times.slice(0, -1).every((time, i, all) => i === 0 || time > all[i - 1])).toBe(
              true,
            );
        });
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }
  });

  it.each([
    ['a,b\n1,2\n', /no 'time' column/],
    ['time,b\n1,2\n', /no column that names a type/],
    ['time,EEG.Cz\n', /no readable sample/],
  ])('refuses %j', async (text, message) => {
    await expect(opened(text, async () => {})).rejects.toThrow(message);
  });

  it('takes unix times for what they are', async () => {
    const zero = await opened(
      'time,EDA.x[uS]\n1600000000,1\n1600000001,1\n1600000002,1\n',
      async (r) => r.zero_unix_s,
    );
    expect(zero).toBe(0);
  });
});
