import { readFileSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { LiveRecording, type LiveRecordingOptions } from '../../src/recorder/live-recording.js';
import { partLimits } from '../../src/recorder/parted-recording.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { FaultyDisk } from './faulty-disk.js';
import { ScriptedDisk, settled } from './recorded-parts.js';

const folder = temporaryFolder();
const RATE_HZ = 50;
/** The sender's clock is behind, and drifts. */
const OFFSET_S = 40;
const DRIFT = 1e-4;

const headerOf = (name: string, type: string, format: string, sfreq: number): string =>
  `<?xml version="1.0"?><info><name>${name}</name><type>${type}</type><channel_count>1</channel_count><nominal_srate>${sfreq}</nominal_srate><channel_format>${format}</channel_format><hostname>far</hostname><desc></desc></info>`;
const headset = headerOf('headset', 'EEG', 'float32', RATE_HZ);
const cues = headerOf('cues', 'Markers', 'string', 0);
const band = {
  ...streamInfo({ type: 'EDA', sfreq: 4, labels: ['EDA'], unit: 'uS' }),
  ...{ id: 'lab/band', name: 'band' },
};

/** A recording of a sender of numbers, one of text, and a stream of a session, whose disk does as it is told. */
function start(name: string, options: Partial<LiveRecordingOptions> = {}) {
  const clock = new VirtualClock(1000, 1e9);
  const disk = new ScriptedDisk(clock);
  const told: string[] = [];
  const path = join(folder, name, `${name}.xdf`);
  const tell = (line: string): void => void told.push(line);
  const recording = new LiveRecording({ clock, path, tell, disk, sync: 'always', ...options });
  const far = (): { time: number; offset: number } => {
    const offset = OFFSET_S + DRIFT * clock.now();
    return { time: clock.now() - offset, offset };
  };
  const common = { via: 'lsl', text: false } as const;
  const openBand = (): void =>
    recording.open(
      band.id,
      { ...common, name: 'band', type: 'EDA', sfreq: 4 },
      { kind: 'mapped', info: band, mapped: { session: 'lab', arrival: true } },
      () => ({ time: clock.now() - 7, offset: 7 }),
    );
  const open = (): void => {
    recording.open(
      'headset',
      { ...common, name: 'headset', type: 'EEG', sfreq: RATE_HZ },
      { kind: 'sender', stream: { header: headset, format: 'float32', channels: 1 } },
      far,
    );
    recording.open(
      'cues',
      { ...common, name: 'cues', type: 'Markers', sfreq: 0, text: true },
      { kind: 'sender', stream: { header: cues, format: 'string', channels: 1 } },
      far,
    );
    openBand();
  };
  let sent = 0;
  /** A second of all. */
  const second = (): void => {
    const { time } = far();
    const times = Float64Array.from({ length: RATE_HZ }, (_, i) => time - 1 + i / RATE_HZ);
    const values = Float32Array.from(times, (_, i) => sent * RATE_HZ + i);
    recording.samples('headset', { kind: 'sender', times, values }, false);
    const cue = { kind: 'sender', times: Float64Array.of(time), values: [`cue ${sent} \u{1F642}`] } as const;
    recording.samples('cues', cue, false);
    const rows = [Array.from({ length: 4 }, (_, i) => sent + i / 4)];
    const gapBefore = sent % 4 === 3;
    const chunk = chunkOf(band, rows, clock.now() - 8, gapBefore);
    recording.samples(band.id, { kind: 'chunk', chunk }, gapBefore);
    sent++;
    clock.advance(1);
  };
  return { recording, clock, disk, told, path, open, openBand, second };
}

/** All that a reader gives of a recording, be it in parts. */
async function readAll(path: string) {
  const recording = await openRecording(path);
  const given: unknown[] = [];
  for (const clockSync of [true, false])
    for await (const message of recording.messages({ chunk: 1, clockSync, events: () => {} }))
      given.push(message);
  await recording.close();
  return { given, streams: recording.streams, problems: recording.problems };
}

async function recordSeconds(name: string, seconds: number, options: Partial<LiveRecordingOptions> = {}) {
  const made = start(name, options);
  made.open();
  for (let k = 0; k < seconds; k++) {
    made.second();
    await settled();
  }
  const report = await made.recording.close();
  return { ...made, report };
}

describe('a recording in parts', () => {
  it.each([
    ['by size', { partMb: 0.004 }],
    ['by time', { partS: 3 }],
    ['by time, shorter than clocks are measured', { partS: 1 }],
  ])('%s reads as the one file that it would be, clocks and text among it', async (how, limits) => {
    const stem = how.replaceAll(/\W/g, '');
    const whole = await recordSeconds(`${stem}whole`, 23);
    const parts = await recordSeconds(`${stem}parts`, 23, { limits: partLimits(limits) });
    expect(whole.report.files).toEqual([whole.path]);
    expect(parts.report.files.length).toBeGreaterThan(4);
    expect(parts.report.files.slice(0, 2)).toEqual([parts.path, parts.path.replace('.xdf', '_part2.xdf')]);
    expect(parts.report.streams).toEqual(whole.report.streams);
    const [first, second] = [await readAll(whole.path), await readAll(parts.report.files[2])];
    expect(second.problems).toEqual([]);
    expect(second.given).toEqual(first.given);
    expect(second.given.length).toBeGreaterThan(2 * 23 * (RATE_HZ + 1 + 4));
    expect(second.streams).toEqual(first.streams);
    // Each part holds where its senders' clocks are, for programs that read it by itself.
    for (const file of parts.report.files)
      for (const footer of readFileSync(file, 'latin1').split('<clock_offsets>').slice(1))
        expect(footer).toMatch(/^<offset>|^<\/clock_offsets>/);
  });

  it('tells the gaps of a session where a part begins with one', async () => {
    const given: unknown[][] = [];
    for (const [name, limits] of [
      ['gaps', {}],
      ['gapsparts', { partS: 1 }],
    ] as const) {
      const { recording, openBand, second } = start(name, { limits: partLimits(limits) });
      openBand();
      for (let k = 0; k < 12; k++) {
        second();
        await settled();
      }
      const { files } = await recording.close();
      expect(files.length).toBeGreaterThanOrEqual(name === 'gaps' ? 1 : 8);
      given.push((await readAll(files[0])).given);
    }
    expect(given[1]).toEqual(given[0]);
    expect(JSON.stringify(given[0]).split('"gapBefore":true')).toHaveLength(1 + 3 * 2);
  });

  it('names a part that is missing, and goes on behind it', async () => {
    const { report } = await recordSeconds('missing', 60, { limits: partLimits({ partS: 20 }) });
    unlinkSync(report.files[1]);
    const { problems, streams } = await readAll(report.files[0]);
    expect(problems).toEqual([expect.stringContaining('part 2 is missing')]);
    expect(streams.find(({ info }) => info.name === 'headset')!.gaps.length).toBeGreaterThan(0);
  });
});

describe('a disk that fails', () => {
  it.each([
    ['torn', 'ENOSPC', 'free some of it'],
    ['torn', 'EROFS', 'make it writable'],
    ['unsynced', 'EIO', 'look at the disk'],
    ['creating', 'EMFILE', 'ulimit -n'],
  ] as const)(
    '%s, %s: told once; what came meanwhile is in the next part, and nothing is lost',
    async (how, code, mend) => {
      const whole = await recordSeconds(`${code}-whole`, 20);
      const { disk, recording, open, second, told } = start(`${code}-failing`);
      const isNoFile = how === 'creating';
      disk.code = code;
      if (isNoFile) disk.failing = how;
      open();
      for (let k = 0; k < 20; k++) {
        if (k === 4) disk.failing = how;
        if (k === 9) disk.failing = null;
        second();
        await settled();
        if (k >= 4 && k < 9) expect(disk.open).toBe(0);
      }
      const report = await recording.close();
      expect(disk.open).toBe(0);
      const warnings = told.filter((line) => line.startsWith('WARNING'));
      expect(warnings).toEqual([expect.stringContaining(mend)]);
      expect(warnings[0]).toContain(code);
      expect(told.filter((line) => line.startsWith('goes on recording, to '))).toHaveLength(1);
      expect(report.streams.every(({ lost }) => lost === 0)).toBe(true);
      expect(report.files).toHaveLength(isNoFile ? 1 : 2);
      const [first, failing] = [await readAll(whole.path), await readAll(report.files.at(-1)!)];
      // A disk that syncs nothing removes nothing, either.
      expect(failing.problems.every((problem) => problem.endsWith("once more; it isn't read"))).toBe(true);
      expect(failing.given).toEqual(first.given);
    },
  );

  it('for longer than can be held: what is lost is told, counted, and a gap', async () => {
    const { recording, disk, open, second, told, clock } = start('held', { heldBytes: 3000 });
    open();
    second();
    await settled();
    disk.failing = 'torn';
    for (let k = 0; k < 30; k++) {
      second();
      await settled();
    }
    disk.failing = null;
    clock.advance(10);
    await settled();
    second();
    const { streams, files } = await recording.close();
    const [eeg] = streams;
    expect(files).toHaveLength(2);
    expect(eeg.lost).toBeGreaterThan(20 * RATE_HZ);
    expect(eeg.samples + eeg.lost).toBe(32 * RATE_HZ);
    expect(eeg.gaps).toHaveLength(1);
    expect(told.filter((line) => /samples of headset \(EEG\) are lost/.test(line))).toHaveLength(1);
    const read = await readAll(files[0]);
    const recorded = read.streams.find(({ info }) => info.name === 'headset')!;
    expect(recorded.samples).toBe(eeg.samples);
    expect(recorded.gaps).toHaveLength(1);
    const sensor = read.streams.find(({ info }) => info.name === 'band')!;
    expect(sensor.samples).toBe(streams[2].samples);
  });

  it('for longer than can be held: a session that replays as it arrived has its gap where samples are lost', async () => {
    const { recording, disk, openBand, second, clock } = start('sessiongap', { heldBytes: 1000 });
    openBand();
    second();
    await settled();
    disk.failing = 'torn';
    for (let k = 0; k < 9; k++) {
      second();
      await settled();
    }
    disk.failing = null;
    clock.advance(10);
    await settled();
    second();
    const { streams, files } = await recording.close();
    expect(streams[0].lost).toBeGreaterThan(4);
    const [recorded] = (await readAll(files[0])).streams;
    expect(recorded.samples).toBe(streams[0].samples);
    expect(recorded.gaps.at(-1)).toEqual({ from: expect.any(Number), to: clock.now() - 1 - 8 });
  });

  it('to the end: what it did not take is counted as lost, what it took is kept', async () => {
    const { recording, disk, open, second } = start('end');
    open();
    second();
    await settled();
    disk.failing = 'torn';
    second();
    second();
    const { streams, files } = await recording.close();
    expect(streams.map(({ samples, lost }) => [samples, lost])).toEqual([
      [RATE_HZ, 2 * RATE_HZ],
      [1, 2],
      [4, 8],
    ]);
    expect(disk.open).toBe(0);
    const { streams: read } = await readAll(files[0]);
    expect(read[0].samples).toBeGreaterThanOrEqual(RATE_HZ);
  });
});

it('makes no file before there are samples; then header and first samples are one write', async () => {
  const disk = new FaultyDisk();
  const { recording, open, second, path, clock } = start('lazy', { disk });
  open();
  clock.advance(20);
  await settled();
  expect(disk.done).toEqual([]);
  second();
  await expect.poll(() => disk.done).toEqual(['create', 'folder', 'write', 'datasync']);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect((await readAll(path)).streams.map(({ samples }) => samples)).toEqual([RATE_HZ, 1, 4]);
  await recording.close();
  const empty = start('empty');
  empty.open();
  expect((await empty.recording.close()).files).toEqual([]);
  expect(() => statSync(empty.path)).toThrow();
});

it.each([
  ['always', 10],
  ['group', 4],
  ['none', 0],
] as const)('syncs as it is told: %s', async (sync, most) => {
  const disk = new FaultyDisk();
  const { recording, open, second } = start(`sync-${sync}`, { sync, disk });
  open();
  const written = (): number => disk.done.filter((what) => what === 'write').length;
  for (let k = 0; k < 10; k++) {
    second();
    if (sync === 'always') await expect.poll(() => disk.syncs).toBe(k + 1);
    else await settled();
  }
  const { streams } = await recording.close();
  expect(streams[0].lost).toBe(0);
  expect(disk.syncs).toBe(sync === 'none' ? 0 : written());
  expect(disk.syncs).toBeGreaterThanOrEqual(Math.min(1, most));
  if (sync !== 'always') expect(written()).toBeLessThan(10);
});
