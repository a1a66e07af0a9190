import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Chunk, StreamInfo } from '../../../../src/core/signal.js';
import { xdf } from '../../../../src/io/recordings/xdf/xdf.js';
import { XdfWriter } from '../../../../src/io/recordings/xdf/xdf-writer.js';
import { onGrid } from '../../../../src/signal/timebase/session-time.js';
import { temporaryFolder } from '../../../setup/temporary-folder.js';
import { readRecording } from '../read-recording.js';

const folder = temporaryFolder();

const info = (id: string, part: Partial<StreamInfo>): StreamInfo => ({
  id,
  name: `<${id}> & co`,
  type: 'EEG',
  sourceId: 'uid',
  sfreq: 50,
  channels: [
    { label: 'Fp1', unit: 'uV', type: 'EEG' },
    { label: 'T7', unit: 'uV', type: 'EEG' },
  ],
  ...part,
});

const eeg = info('eeg', {});
const gaze = info('gaze', {
  type: 'Gaze',
  sfreq: 0,
  channels: [{ label: 'left_pupil', unit: 'mm', type: 'pupil' }],
});
const cues = info('cues', { type: 'Markers', sfreq: 0, channels: [] });

function chunkOf(of: StreamInfo, start: number, n: number, gapBefore = false): Chunk {
  const times = Float64Array.from(
    { length: n },
    (_, i) => start + i / 50 + (of === gaze ? Math.sin(i) / 500 : 0),
  );
  const data = Float64Array.from({ length: n * of.channels.length }, (_, i) => Math.cos(i + start) * 1e3);
  data[0] = Number.NaN;
  return { info: of, data, times, gapBefore };
}

async function write(path: string): Promise<void> {
  const writer = XdfWriter.create(path);
  for (const stream of [eeg, gaze, cues]) writer.open(stream);
  writer.write(chunkOf(eeg, 1000, 60));
  writer.write(chunkOf(gaze, 1000.003, 60));
  writer.writeMarker({ stream: 'cues', time: 1000.7, value: 'Grüße, <b>"5"</b>' });
  writer.write(chunkOf(eeg, 1004, 300, true));
  writer.close();
}

describe('XdfWriter', () => {
  it('gives back every bit: values, stamps on the grid, gaps, markers, descriptions', async () => {
    const path = join(folder, 'round.xdf');
    await write(path);
    const recording = await xdf.open(path);
    expect(recording.problems).toEqual([]);
    expect(recording.streams.map(({ info: { name, type, sfreq } }) => [name, type, sfreq])).toEqual([
      [eeg.name, 'EEG', 50],
      [gaze.name, 'Gaze', 0],
      [cues.name, 'Markers', 0],
    ]);
    expect(recording.streams[0].info.channels).toEqual(eeg.channels);
    const { streams, markers } = await readRecording(recording);
    const [readEeg, readGaze] = [...streams.values()];
    const [a, b] = [chunkOf(eeg, 1000, 60), chunkOf(eeg, 1004, 300)];
    expect(readEeg.times).toEqual([...a.times, ...b.times]);
    expect(readEeg.data[0]).toEqual([...a.data.slice(0, 60), ...b.data.slice(0, 300)]);
    expect(readEeg.data[1]).toEqual([...a.data.slice(60), ...b.data.slice(300)]);
    expect(readEeg.gaps).toEqual([60]);
    expect(readGaze.times).toEqual([...chunkOf(gaze, 1000.003, 60).times].map(onGrid));
    expect(markers.map(({ time, value }) => [time, value])).toEqual([[1000.7, 'Grüße, <b>"5"</b>']]);
    await recording.close();
  });

  it('is readable when the writer was killed at any byte', async () => {
    const path = join(folder, 'whole.xdf');
    await write(path);
    const bytes = readFileSync(path);
    const cut = join(folder, 'cut.xdf');
    const headers = bytes.indexOf('cues') + 500;
    for (let length = headers + 400; length < bytes.length; length += 37) {
      writeFileSync(cut, bytes.subarray(0, length));
      const recording = await xdf.open(cut);
      const { streams } = await readRecording(recording);
      await recording.close();
      expect([...streams.values()][0].times.slice(0, 5)).toEqual([...chunkOf(eeg, 1000, 5).times]);
    }
  });

  it('writes the same bytes for the same data, and a date only when told', async () => {
    const [a, b] = ['a.xdf', 'b.xdf'].map((name) => join(folder, name));
    await write(a);
    await write(b);
    expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
    expect(readFileSync(a).includes('datetime')).toBe(false);
    const dated = XdfWriter.create(b, { start_unix_s: 1e9 });
    dated.close();
    expect(readFileSync(b).includes('<datetime>2001-09-09T01:46:40.000Z</datetime>')).toBe(true);
  });

  it('puts boundary chunks into long files', async () => {
    const path = join(folder, 'long.xdf');
    const writer = XdfWriter.create(path);
    writer.open(eeg);
    for (let i = 0; i < 50; i++) writer.write(chunkOf(eeg, i * 20, 1000));
    writer.close();
    const uuid = Buffer.from('43a546dccbf5410fb30ed5467383cbe4', 'hex');
    const bytes = readFileSync(path);
    let found = 0;
    for (let at = bytes.indexOf(uuid); at >= 0; at = bytes.indexOf(uuid, at + 1)) found++;
    expect(found).toBe(1 + Math.floor((50 * 1000 * 25) / (1 << 18)));
  });

  it('keeps the order of arrival and the gaps that were seen, however small', async () => {
    const path = join(folder, 'arrival.xdf');
    const writer = XdfWriter.create(path);
    for (const stream of [eeg, gaze, cues]) writer.open(stream, { arrival: true });
    // The eye tracker's samples come late, and one EEG sample is missing.
    const arrived = [chunkOf(eeg, 1000, 10), chunkOf(eeg, 1000.2, 5), chunkOf(gaze, 999.9, 4), chunkOf(eeg, 1000.32, 10, true), chunkOf(eeg, 1000.52, 1)]; // biome-ignore format: one line
    for (const [i, chunk] of arrived.entries()) {
      writer.write(chunk);
      if (i === 1) writer.writeMarker({ stream: 'cues', time: 1000.1, value: 'go' });
    }
    writer.close();
    const recording = await xdf.open(path);
    expect(recording.streams[0].gaps).toEqual([{ from: arrived[1].times[4], to: 1000.32 }]);
    const messages = [];
    for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} }))
      if (message.kind === 'chunk') {
        const { info: of, times, data, gapBefore } = message.chunk;
        messages.push([of.name, [...times], [...data], gapBefore]);
      } else if (message.kind === 'marker') messages.push(message.marker.value);
    const expected = arrived.map(({ info: of, times, data, gapBefore }) => [
      of.name,
      [...times],
      [...data],
      gapBefore,
    ]);
    expect(messages).toEqual([...expected.slice(0, 2), 'go', ...expected.slice(2)]);
    await recording.close();
  });

  it('places the sessions of a recording that holds several clocks by their offsets', async () => {
    const path = join(folder, 'clocks.xdf');
    const writer = XdfWriter.create(path);
    const header =
      '<info><name>lsl</name><type>EEG</type><channel_count>1</channel_count><nominal_srate>50</nominal_srate><channel_format>float32</channel_format></info>';
    writer.openSender({ id: 'lsl', header, format: 'float32', channels: 1 });
    writer.open(eeg, { session: 'lab', arrival: true });
    writer.writeClockOffset('lsl', 5000, 0);
    writer.writeClockOffset('eeg', 1000, 4000.5);
    writer.writeSender('lsl', Float64Array.of(5000, 5000.02, 5000.04), [1, 2, 3]);
    writer.write(chunkOf(eeg, 1000, 50));
    writer.close();
    const recording = await xdf.open(path);
    expect(recording.streams.map(({ first, info: { aligned } }) => [first, aligned])).toEqual([
      [5000, 'clock'],
      [5000.5, 'clock'],
    ]);
    await recording.close();
  });

  it('leaves nothing after discard', async () => {
    const path = join(folder, 'gone.xdf');
    const writer = XdfWriter.create(path);
    writer.open(eeg);
    writer.discard();
    expect(existsSync(path)).toBe(false);
  });

  it('keeps what a stream is worth: that it was simulated, and by which device’s convention it was read', async () => {
    const path = join(folder, 'marks.xdf');
    const writer = XdfWriter.create(path);
    for (const part of [{ dialect: 'Empatica <E4>' }, { simulated: true as const }, {}]) {
      const stream = info(JSON.stringify(part), part);
      writer.open(stream);
      writer.write(chunkOf(stream, 1000, 60));
    }
    writer.close();
    const { streams } = await xdf.open(path);
    const marks = streams.map(({ info: { dialect, simulated } }) => ({ dialect, simulated }));
    expect(marks).toEqual([
      { dialect: 'Empatica <E4>', simulated: undefined },
      { dialect: undefined, simulated: true },
      { dialect: undefined, simulated: undefined },
    ]);
  });
});
