import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type GazeScene, simulateGazeScene } from '../../src/simulation/gaze-scene.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { type CliResult, runAffectd } from './run-affectd.js';

const neon = join(import.meta.dirname, '../../../shared/recordings/pupil-neon/demo_recording');
const folder = temporaryFolder();
const session = join(folder, 'session.xdf');
const gaze = join(folder, 'gaze.csv');
const scene = simulateGazeScene({
  seed: 2,
  sfreq: 250,
  duration_s: 20,
  pursuitShare: 0.3,
  noise_deg: 0.02,
  blinks_per_min: 20,
});

function csvOf({ x, y, pupil, sfreq }: GazeScene, unit: string, scale: number): string {
  const cell = (v: number) => (Number.isNaN(v) ? '' : v.toFixed(4));
  const rows = [...x].map((v, i) =>
    [(i / sfreq).toFixed(3), cell(v * scale), cell(y[i] * scale), cell(pupil[i])].join(','),
  );
  return `time,Gaze.x[${unit}],Gaze.y[${unit}],Gaze.pupil[mm]\n${rows.join('\n')}\n`;
}

let whole: CliResult;
beforeAll(async () => {
  await runAffectd(['simulate', '--duration', '30', '--seed', '11', '--out', session]);
  writeFileSync(gaze, csvOf(scene, 'deg', 1));
  whole = await runAffectd(['events', session]);
});

const rows = ({ stdout }: CliResult) =>
  stdout
    .trimEnd()
    .split('\r\n')
    .slice(1)
    .map((line) => {
      const [stream, event, onset, duration, value, unit] = line.split(',');
      return { stream, event, onset: Number(onset), duration: Number(duration), value, unit };
    });

describe('events', () => {
  it('gives eye movements, blinks and beats in order of time', () => {
    expect(whole.code, whole.stderr).toBe(0);
    expect(whole.stdout.split('\r\n')[0]).toBe('stream,event,onset_s,duration_s,value,unit,simulated');
    const found = rows(whole);
    expect(new Set(found.map(({ event }) => event))).toEqual(
      new Set(['fixation', 'saccade', 'blink', 'beat']),
    );
    for (let i = 1; i < found.length; i++) expect(found[i].onset).toBeGreaterThanOrEqual(found[i - 1].onset);
    const units = { fixation: 'deg', saccade: 'deg', blink: '', beat: '1/min', scr: 'uS' };
    for (const { event, unit, value, duration } of found) {
      expect(unit).toBe(units[event as keyof typeof units]);
      expect(value === '').toBe(event === 'blink' || (event === 'beat' && value === ''));
      expect(duration === 0).toBe(event === 'beat');
    }
    const beats = found.filter(({ event }) => event === 'beat');
    expect(beats.filter(({ value }) => value === '').length).toBeLessThanOrEqual(2);
  });

  it('does not depend on chunks, and writes a file', async () => {
    const file = join(folder, 'events.csv');
    const cut = await runAffectd(['events', session, '--chunk', '7', '--out', file]);
    expect(cut.code, cut.stderr).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(whole.stdout);
  });

  it('tells pursuit with its speed', async () => {
    const found = rows(await runAffectd(['events', gaze])).filter(({ event }) => event === 'pursuit');
    expect(found.length).toBeGreaterThan(5);
    expect(new Set(found.map(({ unit }) => unit))).toEqual(new Set(['deg/s']));
    // What is followed goes at 3 to 15 deg/s.
    const speeds = found.map(({ value }) => Number(value)).sort((p, q) => p - q);
    expect(speeds[speeds.length >> 1]).toBeGreaterThan(4);
    expect(speeds.at(-1)).toBeLessThan(16);
  });

  it('tells skin conductance responses with their rise', async () => {
    const file = join(folder, 'eda.csv');
    // Three responses of 0.4 uS that rise over 2 s.
    const response = (t: number) =>
      t < 0 ? 0 : 0.4 * Math.exp(-Math.max(0, t - 2) / 4) * Math.min(1, t / 2);
    const samples = Array.from({ length: 600 }, (_, i) => {
      const t = i / 10;
      return `${t},${(5 + response(t - 10) + response(t - 25) + response(t - 42)).toFixed(6)}`;
    });
    writeFileSync(file, `time,EDA.wrist[uS]\n${samples.join('\n')}\n`);
    const found = rows(await runAffectd(['events', file]));
    expect(found.map(({ event, unit }) => [event, unit])).toEqual(Array(3).fill(['scr', 'uS']));
    for (const [i, onset] of [10, 25, 42].entries()) {
      expect(Math.abs(found[i].onset - onset)).toBeLessThan(0.3);
      expect(Math.abs(found[i].duration - 2)).toBeLessThan(0.4);
      expect(Math.abs(Number(found[i].value) - 0.4)).toBeLessThan(0.05);
    }
  });

  it('gives lengths in pixels, or in degrees where the screen is told', async () => {
    const pixels = join(folder, 'px.csv');
    writeFileSync(pixels, csvOf(scene, 'px', 38));
    const plain = await runAffectd(['events', pixels]);
    expect(new Set(rows(plain).map(({ unit }) => unit))).toEqual(new Set(['px', 'px/s', '']));
    const known = await runAffectd(['events', pixels, '--screen', '53x30@65:1920x1080']);
    expect(new Set(rows(known).map(({ unit }) => unit))).toEqual(new Set(['deg', 'deg/s', '']));
  });

  it.each(['i-vt', 'i-dt', 'e-k'])('sets %s beside our own detector', async (detector) => {
    const found = rows(await runAffectd(['events', gaze, '--detector', detector]));
    expect(new Set(found.map(({ event }) => event))).toEqual(new Set(['fixation', 'saccade']));
    expect(new Set(found.map(({ unit }) => unit))).toEqual(new Set(['deg']));
    for (let i = 1; i < found.length; i++)
      expect(found[i].onset).toBeGreaterThanOrEqual(found[i - 1].onset + found[i - 1].duration - 1e-5);
    const own = rows(await runAffectd(['events', gaze, '--detector', 'affectd']));
    const large = own.filter(({ event, value }) => event === 'saccade' && Number(value) > 3);
    const saccades = found.filter(({ event }) => event === 'saccade');
    const seen = large.filter(({ onset, duration }) =>
      saccades.some((row) => row.onset < onset + duration && row.onset + row.duration > onset),
    );
    expect(large.length).toBeGreaterThan(10);
    expect(seen.length).toBeGreaterThan(0.9 * large.length);
  });

  it('leaves all but eye movements as they are with another detector, however it is cut', async () => {
    const found = await runAffectd(['events', session, '--detector', 'i-vt']);
    const rest = (result: CliResult) => rows(result).filter(({ unit }) => unit !== 'deg' && unit !== '');
    expect(rest(found).length).toBeGreaterThan(20);
    expect(rest(found)).toEqual(rest(whole));
    const cut = await runAffectd(['events', session, '--detector', 'i-vt', '--chunk', '7']);
    expect(cut.stdout).toBe(found.stdout);
    expect((await runAffectd(['events', session, '--detector', 'affectd'])).stdout).toBe(whole.stdout);
  });

  it('gives lengths of a published detector in pixels, too, where no screen is told', async () => {
    const pixels = join(folder, 'px-published.csv');
    writeFileSync(pixels, csvOf(scene, 'px', 38));
    const plain = await runAffectd(['events', pixels, '--detector', 'i-dt']);
    expect(new Set(rows(plain).map(({ unit }) => unit))).toEqual(new Set(['px']));
    const known = await runAffectd([
      'events',
      pixels,
      '--detector',
      'i-dt',
      '--screen',
      '53x30@65:1920x1080',
    ]);
    expect(new Set(rows(known).map(({ unit }) => unit))).toEqual(new Set(['deg']));
  });

  it.skipIf(!existsSync(neon))(
    "lists a Neon's own fixations and blinks beside ours (shared/recordings/pupil-neon)",
    async () => {
      const found = rows(await runAffectd(['events', neon, '--device-events']));
      const fixations = found.filter(({ event }) => event === 'fixation');
      const told = fixations.filter(({ stream }) => stream.endsWith(' (device)'));
      const own = fixations.filter(({ stream }) => !stream.endsWith(' (device)'));
      expect(told.length).toBeGreaterThan(5);
      expect(own.length).toBeGreaterThan(2);
      for (const { onset, duration } of told)
        expect(onset >= -1 && duration > 0.03 && duration < 10).toBe(true);
    },
  );

  it('says what is wrong in one line', async () => {
    const bad = await runAffectd(['events', gaze, '--screen', '53x30']);
    expect([bad.code, bad.stdout]).toEqual([2, '']);
    expect(bad.stderr).toContain('53x30@65:1920x1080');
    const unknown = await runAffectd(['events', gaze, '--detector', 'ivt']);
    expect([unknown.code, unknown.stdout]).toEqual([2, '']);
    expect(unknown.stderr.trim().split('\n')).toHaveLength(1);
    expect(unknown.stderr).toContain('affectd, i-vt, i-dt, e-k');
    const eeg = join(folder, 'eeg.csv');
    writeFileSync(
      eeg,
      `time,EEG.Cz[uV]\n${Array.from({ length: 200 }, (_, i) => `${i / 100},1`).join('\n')}\n`,
    );
    const none = await runAffectd(['events', eeg]);
    expect([none.code, none.stdout]).toEqual([3, '']);
    expect(none.stderr.trim().split('\n')).toHaveLength(1);
  });
});

const eyeLink = join(import.meta.dirname, '..', '..', '..', 'shared', 'recordings', 'eyelink-asc');

describe.skipIf(!existsSync(eyeLink))(
  'events of an EyeLink recording (shared/recordings/eyelink-asc)',
  () => {
    it.each([
      ['ESACC L', 'saccade', 0.9],
      ['EFIX L', 'fixation', 0.9],
      ['EBLINK L', 'blink', 0.9],
    ])("are the device's own: %s", async (line, event, least) => {
      const result = await runAffectd(['events', join(eyeLink, '002_rlmw_samples_short.asc')]);
      expect(result.code, result.stderr).toBe(0);
      const own = rows(result).filter((row) => row.event === event);
      const device = readFileSync(join(eyeLink, '002_rlmw_events_short.asc'), 'latin1')
        .split('\n')
        .filter((text) => text.startsWith(line))
        .map((text) =>
          text
            .split(/\s+/)
            .slice(2, 4)
            .map((ms) => Number(ms) / 1000),
        )
        // What lies within the recorded samples.
        .filter(([onset, end]) => onset >= 7264.6 && end <= 7305.4);
      const left = new Set(own);
      const matched = device.filter(([onset, end]) => {
        const same = [...left].find((row) => row.onset < end && row.onset + row.duration > onset);
        return same !== undefined && left.delete(same);
      });
      const f1 = (2 * matched.length) / (device.length + own.length);
      expect(device.length).toBeGreaterThan(8);
      expect(f1, `${matched.length} of ${device.length}, ${own.length} found`).toBeGreaterThan(least);
    });
  },
);
