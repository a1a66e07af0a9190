import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../../src/core/event.js';
import { inspectRecording } from '../../../src/io/recordings/inspect.js';
import { openRecording } from '../../../src/io/recordings/open.js';
import type { Recording } from '../../../src/io/recordings/recording.js';
import { XdfWriter } from '../../../src/io/recordings/xdf/xdf-writer.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';
import { type ReadStream, readRecording, samplesOf } from './read-recording.js';

const folder = temporaryFolder();
const shared = join(import.meta.dirname, '../../../../shared/cases');
let files = 0;
const opened: Recording[] = [];

afterEach(async () => {
  for (const recording of opened.splice(0)) await recording.close();
});

interface Sender {
  readonly id: string;
  readonly type: string;
  readonly sfreq: number;
  readonly declared?: number;
  /** Samples a chunk. */
  readonly packet: number;
  readonly from_s?: number;
  readonly to_s?: number;
  /** What the sender stamps on its sample `i`, taken `t` s after the recording began. */
  readonly stamp: (t: number, i: number) => number;
  /** The recorder's clock is the sender's and this, as measured each 5 s; null: never measured. */
  readonly offset?: ((t: number) => number) | null;
  /** Whether nothing is sent at `t`. */
  readonly isOut?: (t: number) => boolean;
  readonly host?: string;
}

const END_S = 60;
const recorder = (t: number) => 1000 + t;
const eeg: Sender = { id: 'EEG', type: 'EEG', sfreq: 256, packet: 32, stamp: recorder, offset: () => 0 };
const gaze: Sender = { id: 'Gaze', type: 'Gaze', sfreq: 60, packet: 1, stamp: recorder, offset: () => 0 };

/** A file as a recorder writes it: each chunk when its last sample has come, and every 5 s the clocks' offsets. */
async function recorded(senders: readonly Sender[], end_s = END_S): Promise<Recording> {
  const path = join(folder, `${files++}.xdf`);
  const writer = XdfWriter.create(path);
  const writes: { at: number; write: () => void }[] = [];
  for (const sender of senders) {
    const {
      id,
      type,
      sfreq,
      declared = sfreq,
      packet,
      from_s = 0,
      to_s = end_s,
      stamp,
      offset,
      host = 'pc',
    } = sender;
    const header = `<info><name>${id}</name><type>${type}</type><channel_count>1</channel_count><nominal_srate>${declared}</nominal_srate><channel_format>double64</channel_format><hostname>${host}</hostname></info>`;
    writer.openSender({ id, header, format: 'double64', channels: 1 });
    const chunks: { t: number; i: number }[][] = [];
    let chunk: { t: number; i: number }[] = [];
    for (let i = 0; from_s + i / sfreq < to_s; i++) {
      const t = from_s + i / sfreq;
      if (sender.isOut?.(t)) continue;
      chunk.push({ t, i });
      if (chunk.length < packet) continue;
      chunks.push(chunk);
      chunk = [];
    }
    if (chunk.length > 0) chunks.push(chunk);
    for (const samples of chunks)
      writes.push({
        at: samples[samples.length - 1].t,
        write: () =>
          writer.writeSender(
            id,
            Float64Array.from(samples, ({ t, i }) => stamp(t, i)),
            samples.map(({ i }) => i),
          ),
      });
    if (offset)
      for (let t = 0; t < end_s; t += 5)
        writes.push({ at: t, write: () => writer.writeClockOffset(id, recorder(t) - offset(t), offset(t)) });
  }
  for (const { write } of writes.sort((a, b) => a.at - b.at)) write();
  writer.close();
  return remembered(await openRecording(path));
}

function remembered(recording: Recording): Recording {
  opened.push(recording);
  return recording;
}

async function readOf(recording: Recording) {
  const { streams, events } = await readRecording(recording);
  const of = (name: string): ReadStream => [...streams].find(([id]) => id.startsWith(`${name}#`))![1];
  return { of, events, codes: codesOf(events) };
}

const clockCodes = [
  'stamp-outlier',
  'clock-reset',
  'stamps-ignored',
  'rate-differs',
  'stream-assumed-aligned',
];
const codesOf = (events: readonly SessionEvent[]) =>
  events.map(({ code }) => code).filter((code) => clockCodes.includes(code));

/** Greatest |stamp - true time| of samples whose true time is at least `from_s` and that were sent without a break, s. */
function worst(
  { times, data }: ReadStream,
  { sfreq, from_s = 0 }: Sender,
  after_s: number,
  zero = 1000,
): number {
  let most = 0;
  for (const [k, time] of times.entries()) {
    const t = from_s + data[0][k] / sfreq;
    if (t >= after_s) most = Math.max(most, Math.abs(time - zero - t));
  }
  return most;
}

describe('XDF by the clock of live streams', () => {
  it.each([
    [125, 125],
    [500, 500],
    [25, null],
  ])(
    'measures %d Hz where 250 are declared, tells it, and uses it or nothing (x06)',
    async (sfreq, used_hz) => {
      const sender = { ...eeg, sfreq, declared: 250 };
      const recording = await recorded([sender]);
      const infos: number[] = [];
      let masked = 0;
      let since = Number.POSITIVE_INFINITY;
      for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} })) {
        if (message.kind === 'open') infos.push(message.info.sfreq);
        if (message.kind !== 'chunk') continue;
        expect(message.chunk.info.sfreq).toBe(infos.at(-1));
        if (message.chunk.data.every(Number.isNaN)) {
          masked += message.chunk.times.length;
          since = Math.min(since, message.chunk.times[0]);
        }
      }
      const { events } = await readOf(recording);
      const told = events.filter(({ code }) => code === 'rate-differs');
      expect(told.map(({ details }) => details?.used_hz)).toEqual([used_hz]);
      expect(infos).toEqual(used_hz === null ? [250] : [250, used_hz]);
      if (used_hz === null) {
        expect(since).toBeLessThan(1006);
        expect(masked).toBeGreaterThan(53 * sfreq);
      } else expect(masked).toBe(0);
      expect(told[0].time).toBeLessThan(1006);
      expect((await inspectRecording(recording)).problems.join()).toMatch(/declares 250 Hz and sends/);
      expect(worst((await readOf(recording)).of('EEG'), sender, 0)).toBeLessThan(1e-6);
    },
  );

  it.each([30, -30, 200_000])(
    'takes one stamp that is off by %d s for an outlier, of which nothing else knows (x09b)',
    async (off_s) => {
      const sender: Sender = { ...eeg, stamp: (t, i) => recorder(t) + (i === 5000 ? off_s : 0) };
      const recording = await recorded([sender, gaze]);
      const { of, codes } = await readOf(recording);
      expect(codes).toEqual(['stamp-outlier']);
      expect(worst(of('EEG'), sender, 0)).toBeLessThan(1e-5);
      expect(worst(of('Gaze'), gaze, 0)).toBeLessThan(1e-6);
      expect(recording.streams.flatMap(({ gaps }) => gaps)).toEqual([]);
      expect((await inspectRecording(recording)).problems.join()).toMatch(/a stamp is off by/);
    },
  );

  it.each([0, 1, 60 * 256 - 1])(
    'takes sample %d for an outlier, first or last, and single samples too',
    async (at) => {
      for (const packet of [1, 32]) {
        const sender: Sender = { ...eeg, packet, stamp: (t, i) => recorder(t) + (i === at ? 30 : 0) };
        const { of } = await readOf(await recorded([sender, gaze]));
        expect(worst(of('EEG'), sender, 0)).toBeLessThan(1e-5);
        expect(worst(of('Gaze'), gaze, 0)).toBeLessThan(1e-6);
      }
    },
  );

  it('takes a stamp that is off for an outlier where no clock was measured and one stream is all there is', async () => {
    for (const off_s of [30, -30]) {
      const sender: Sender = {
        ...eeg,
        offset: null,
        stamp: (t, i) => recorder(t) + (i === 5000 ? off_s : 0),
      };
      const { of, codes } = await readOf(await recorded([sender]));
      expect(codes).toEqual(['stamp-outlier']);
      expect(worst(of('EEG'), sender, 0)).toBeLessThan(1e-5);
    }
  });

  it('keeps streams together whose clocks step, one back and one ahead, and drops nothing (x10)', async () => {
    const back: Sender = { ...eeg, stamp: (t) => recorder(t) - (t >= 30 ? 2 : 0) };
    const ahead: Sender = { ...gaze, sfreq: 200, stamp: (t) => recorder(t) + (t >= 30 ? 2 : 0) };
    const recording = await recorded([back, ahead]);
    const { of, codes } = await readOf(recording);
    expect(codes.filter((code) => code === 'clock-reset')).toHaveLength(2);
    expect([of('EEG').times.length, of('Gaze').times.length]).toEqual([60 * 256, 60 * 200]);
    expect(worst(of('EEG'), back, 0)).toBeLessThan(0.15);
    expect(worst(of('Gaze'), ahead, 0)).toBeLessThan(0.15);
    for (const { times } of [of('EEG'), of('Gaze')])
      expect(times.every((time, i) => i === 0 || time >= times[i - 1])).toBe(true);
    expect(recording.streams.map(({ clock_resets }) => clock_resets.length)).toEqual([1, 1]);
    expect((await inspectRecording(recording)).problems.join()).toMatch(/clock is another one/);
  });

  it('places a stream on unix time that joins late by the order of the file (x13)', async () => {
    const muse: Sender = { ...eeg, from_s: 20, stamp: (t) => 1_700_000_000 + t };
    const recording = await recorded([muse, { ...gaze, id: 'Wrist', type: 'ACC', sfreq: 100 }]);
    const { of, codes } = await readOf(recording);
    expect(codes).toEqual(['stream-assumed-aligned']);
    expect(worst(of('EEG'), muse, 0)).toBeLessThan(0.05);
  });

  it('measures the rate of EEG that declares none (x14)', async () => {
    const recording = await recorded([{ ...eeg, declared: 0 }]);
    const { events, codes } = await readOf(recording);
    expect(codes).toEqual(['rate-differs']);
    expect(events.find(({ code }) => code === 'rate-differs')?.details).toMatchObject({
      used_hz: 256,
      declared_hz: 0,
    });
  });

  it.each([0, 7.5])('counts samples whose stamps are all %d, and says so (x15)', async (constant) => {
    const sender: Sender = { ...eeg, stamp: () => constant };
    for (const others of [[], [gaze]]) {
      const recording = await recorded([sender, ...others], 30);
      const { of, codes } = await readOf(recording);
      expect(codes).toEqual(['stamps-ignored']);
      expect(of('EEG').times).toHaveLength(30 * 256);
      const [first, last] = [of('EEG').times[0], of('EEG').times.at(-1)!];
      expect(last - first).toBeCloseTo(30, 0);
      expect(
        Math.max(
          ...of('EEG')
            .times.slice(1)
            .map((time, i) => time - of('EEG').times[i]),
        ),
      ).toBeLessThan(0.1);
      expect((await inspectRecording(recording)).problems.join()).toMatch(/stamps say nothing/);
    }
  });

  it('brings streams of two computers together by their offsets, though these drift', async () => {
    const drift = (t: number) => -500 + 5e-5 * t;
    const remote: Sender = {
      ...gaze,
      packet: 30,
      host: 'other',
      stamp: (t) => recorder(t) - drift(t),
      offset: drift,
    };
    const { of, codes } = await readOf(await recorded([eeg, remote]));
    expect(codes).toEqual([]);
    expect(worst(of('EEG'), eeg, 0)).toBeLessThan(1e-6);
    expect(worst(of('Gaze'), remote, 0)).toBeLessThan(1e-3);
  });

  it('takes a restarted sender, whose clock was measured, where it is, and tells the pause', async () => {
    const restarted = (t: number) => t >= 30;
    const sender: Sender = {
      ...eeg,
      isOut: (t) => t >= 30 && t < 37,
      stamp: (t) => (restarted(t) ? t - 20 : recorder(t)),
      offset: (t) => (restarted(t) ? 1020 : 0),
    };
    const recording = await recorded([sender, gaze]);
    const { of, codes } = await readOf(recording);
    expect(codes.filter((code) => code === 'clock-reset')).toHaveLength(1);
    expect(worst(of('EEG'), sender, 0)).toBeLessThan(1e-3);
    expect(recording.streams[0].gaps).toEqual([
      { from: expect.closeTo(1030, 1), to: expect.closeTo(1037, 1) },
    ]);
  });

  it('finds an outage of one stream, alone or beside another, and nothing else', async () => {
    const sender: Sender = { ...eeg, isOut: (t) => t >= 21.3 && t < 30.3 };
    for (const others of [[], [gaze]])
      for (const offset of [sender.offset, null]) {
        const recording = await recorded([{ ...sender, offset }, ...others]);
        const { of, codes } = await readOf(recording);
        expect(codes).toEqual([]);
        expect(worst(of('EEG'), sender, 0)).toBeLessThan(1e-6);
        expect(of('EEG').gaps).toHaveLength(1);
        expect(recording.streams[0].gaps).toHaveLength(1);
      }
  });

  it('finds a pause of all streams, be the one that goes on longest the last to come back', async () => {
    const isOut = (t: number) => t >= 20 && t < 23;
    const skin: Sender = { ...eeg, id: 'EDA', type: 'EDA', sfreq: 4, packet: 4, offset: null, isOut };
    const cap: Sender = { ...eeg, to_s: END_S - 1, offset: null, isOut };
    const { of, codes } = await readOf(await recorded([cap, skin]));
    expect(codes).toEqual([]);
    for (const sender of [cap, skin]) {
      expect(worst(of(sender.id), sender, 0)).toBeLessThan(1e-6);
      expect(of(sender.id).gaps).toHaveLength(1);
    }
  });

  it('reads a file whose streams stand one behind the other as well', async () => {
    const path = join(folder, `${files++}.xdf`);
    const writer = XdfWriter.create(path);
    for (const { id, type, sfreq } of [eeg, gaze]) {
      const header = `<info><name>${id}</name><type>${type}</type><channel_count>1</channel_count><nominal_srate>${sfreq}</nominal_srate><channel_format>double64</channel_format></info>`;
      writer.openSender({ id, header, format: 'double64', channels: 1 });
    }
    for (const { id, sfreq, stamp } of [eeg, gaze]) {
      const times = Float64Array.from(
        { length: 60 * sfreq },
        (_, i) => stamp(i / sfreq, i) + (i === 900 ? 30 : 0),
      );
      writer.writeSender(id, times, [...times.keys()]);
    }
    writer.close();
    const { of, codes } = await readOf(remembered(await openRecording(path)));
    expect(codes).toEqual(['stamp-outlier', 'stamp-outlier']);
    for (const sender of [eeg, gaze]) expect(worst(of(sender.id), sender, 0)).toBeLessThan(1e-5);
  });

  it('gives the same whatever the chunks, through a change of rate, a reset and an outlier', async () => {
    const recording = await recorded([
      {
        ...eeg,
        sfreq: 220,
        packet: 11,
        stamp: (t, i) => recorder(t) - (t >= 40 ? 5 : 0) + (i === 6000 ? 30 : 0),
      },
      { ...gaze, host: 'other', stamp: (t) => recorder(t) + 500, offset: () => -500 },
    ]);
    const natural = await samplesOf(recording);
    for (const chunk of [1, 7, 4096]) expect(await samplesOf(recording, { chunk })).toEqual(natural);
  });

  it('leaves stamps to the last bit where clocks are not to be used', async () => {
    const sender: Sender = { ...eeg, stamp: (t, i) => recorder(t) + Math.sin(i) * 1e-5 };
    const recording = await recorded(
      [sender, { ...gaze, host: 'other', stamp: (t) => t, offset: () => 1000 }],
      10,
    );
    const { streams } = await readRecording(recording, { clockSync: false });
    const [first, second] = [...streams.values()];
    expect(first.times).toEqual(first.data[0].map((i) => sender.stamp(i / 256, i)));
    expect(second.times[60]).toBe(1);
  });
});

describe.skipIf(!existsSync(shared))(`the cases of ${shared} (skipped where absent)`, () => {
  const of = async (name: string, file = 'a.xdf') => {
    const path = join(shared, readdirSync(shared).find((folder) => folder.startsWith(`${name}-`))!, file);
    const recording = remembered(await openRecording(path));
    return { recording, ...(await readOf(recording)) };
  };

  it('x06, x14: the true rate is used', async () => {
    for (const [name, used_hz] of [
      ['x06', 125],
      ['x14', 256],
    ] as const) {
      const { events } = await of(name);
      const told = events.filter(({ code }) => code === 'rate-differs');
      expect(told.map(({ details }) => details?.used_hz)).toEqual([used_hz]);
    }
  });

  it('x09b: one outlier', async () => {
    const { recording, codes } = await of('x09b', 'five.xdf');
    expect(codes).toEqual(['stamp-outlier']);
    for (const { last } of recording.streams) expect(last).toBeCloseTo(1060, 1);
  });

  it('x10: both streams go on together', async () => {
    const { recording, codes } = await of('x10');
    expect(codes.filter((code) => code === 'clock-reset')).toHaveLength(2);
    expect(recording.streams.map(({ samples }) => samples)).toEqual([15360, 12000]);
    for (const { last } of recording.streams) expect(Math.abs(last! - 1060)).toBeLessThan(0.15);
  });

  it('x13: the Muse begins 20 s in', async () => {
    const { recording } = await of('x13');
    expect(Math.abs(recording.streams[0].first! - 1020)).toBeLessThan(0.2);
  });

  it('x15: 30 s at 256 Hz', async () => {
    for (const file of ['a.xdf', 'none.xdf']) {
      const { recording } = await of('x15', file);
      const [{ first, last, samples }] = recording.streams;
      expect([samples, Math.round(last! - first!)]).toEqual([7680, 30]);
      expect((await inspectRecording(recording)).problems).not.toEqual([]);
    }
  });
});
