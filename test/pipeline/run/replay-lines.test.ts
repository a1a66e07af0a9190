import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { agreement } from '../../../src/core/agreement.js';
import { XdfWriter } from '../../../src/io/recordings/xdf/xdf-writer.js';
import { simulateSession } from '../../../src/simulation/session.js';
import { runAffectd } from '../../cli/run-affectd.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';

const folder = temporaryFolder();
const [told, untold] = [join(folder, 'told.xdf'), join(folder, 'untold.xdf')];
const START = 1000;

/** A session with markers; the truth begins 2 s before the sensors do, or isn't there. */
function write(path: string, withTruth: boolean): void {
  const writer = XdfWriter.create(path);
  const marks = {
    id: 'marks',
    name: 'experiment',
    type: 'Markers',
    sourceId: '',
    sfreq: 0,
    channels: [],
  } as const;
  writer.open({ ...marks, channels: [{ label: 'text', unit: '', type: 'Markers' }] });
  writer.writeMarker({ stream: 'marks', time: START - 1, value: 'rest' });
  for (const message of simulateSession({
    profile: 'muse',
    seed: 5,
    duration_s: 12,
    start_s: START,
  })) {
    if (message.kind === 'open' && (withTruth || message.info.type !== 'Annotation'))
      writer.open(message.info);
    if (message.kind !== 'chunk') continue;
    const { chunk } = message;
    if (chunk.info.type !== 'Annotation') writer.write(chunk);
    else if (withTruth) writer.write({ ...chunk, times: chunk.times.map((time) => time - 2) });
  }
  writer.writeMarker({ stream: 'marks', time: START + 5, value: 'film "A"' });
  writer.close();
}

const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

beforeAll(() => {
  write(told, true);
  write(untold, false);
});

describe('the lines of a replay', () => {
  it('are predictions, whose bytes are the same whether the truth is told or not', async () => {
    const [a, b] = [
      await runAffectd(['replay', told, '--session', 's']),
      await runAffectd(['replay', untold, '--session', 's']),
    ];
    expect(a.stdout.length).toBeGreaterThan(1000);
    expect(a.stdout).toBe(b.stdout);
    expect(a.stderr).not.toContain('windows');
  });

  it('are those of the streams that are asked for, the session first, all in session time', async () => {
    const streams = 'affect,markers,truth,session,quality,indices,features';
    const { code, stdout, stderr } = await runAffectd(['replay', told, '--streams', streams]);
    expect(code, stderr).toBe(0);
    const lines = linesOf(stdout);
    expect(lines[0]).toEqual({
      stream: 'session',
      session: 'told',
      zero: START,
      zero_unix: null,
      recording: [told],
    });
    const of = (stream: string) => lines.filter((line) => line.stream === stream);
    expect(of('session')).toHaveLength(1);
    expect(of('markers')).toEqual([
      { stream: 'markers', session: 'told', time: -1, source: 'experiment', text: 'rest' },
      { stream: 'markers', session: 'told', time: 5, source: 'experiment', text: 'film "A"' },
    ]);
    const truths = of('truth');
    expect(truths).toHaveLength(120);
    expect(Object.keys(truths[0])).toEqual(['stream', 'session', 'time', 'valence', 'arousal']);
    expect([truths[0].time, truths[1].time]).toEqual([-2, -1.9]);
    expect(of('affect')).toHaveLength(17);
    expect(of('quality').at(-1).inputs.eeg).toMatchObject({ type: 'EEG', simulated: true });
    expect(of('features').every(({ simulated }) => simulated === true)).toBe(true);
    expect(of('features').length).toBeGreaterThan(30);
  });

  it('need no model where no prediction is asked for', async () => {
    const options = ['-p', 'pipelines/eeg-de.yaml', '--streams', 'truth'];
    const { code, stdout, stderr } = await runAffectd(['replay', told, ...options]);
    expect(code, stderr).toBe(0);
    expect(linesOf(stdout)).toHaveLength(120);
  });

  it('of a stream that there is not are wrong usage', async () => {
    const { code, stderr } = await runAffectd(['replay', told, '--streams', 'affect,mood']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/'affect,mood' is invalid. Known streams are affect, markers, truth/);
  });
});

describe('the columns of features', () => {
  it('are those of the source, or of the node where two nodes share one; none comes twice', async () => {
    const { code, stdout, stderr } = await runAffectd(['features', told, '-p', 'muse']);
    expect(code, stderr).toBe(0);
    const columns = stdout.slice(0, stdout.indexOf('\r\n')).split(',');
    expect(new Set(columns).size).toBe(columns.length);
    expect(new Set(columns.map((column) => column.split('.')[0]))).toEqual(
      new Set(['time', 'eeg_quality', 'eeg_features', 'ppg', 'acc', 'simulated']),
    );
  });
});

describe('the summary of a replay', () => {
  it('holds estimates and intervals against the truth over each window, with --out', async () => {
    const out = join(folder, 'out.jsonl');
    const { stderr } = await runAffectd(['replay', told, '--streams', 'affect,truth', '--out', out]);
    const lines = linesOf(readFileSync(out, 'utf8'));
    const truths = lines.filter(({ stream }) => stream === 'truth');
    const valid = lines.filter((line) => line.stream === 'affect' && line.valid);
    // Where the sensors that are there were not shown to tell arousal, it has no value.
    const predictions = valid.filter(({ arousal }) => arousal !== null);
    expect(predictions.length).toBeGreaterThan(0);
    const labels = predictions.map(({ window: [start, end] }) => {
      const inside = truths.filter(({ time }) => time >= start - 1e-9 && time < end - 1e-9);
      return inside.reduce((sum, { arousal }) => sum + arousal, 0) / inside.length;
    });
    // The truth is told up to 10 s: windows that end later hold what was told of them.
    const { ccc, mae } = agreement(
      predictions.map(({ arousal }) => arousal),
      labels,
    );
    const inside = predictions.filter(
      ({ interval }, i) => interval.arousal[0] <= labels[i] && labels[i] <= interval.arousal[1],
    );
    const share = ((100 * inside.length) / predictions.length).toFixed(1);
    expect(stderr).toContain(`17 windows, ${valid.length} valid; evidence simulated (simulated streams)`);
    expect(stderr).toContain(
      `arousal against the truth in ${labels.length} windows: CCC ${ccc.toFixed(3)}, MAE ${mae.toFixed(3)}, 90 % intervals hold ${share} %`,
    );
  });

  it('has no word of a truth that nobody told', async () => {
    const { stderr } = await runAffectd(['replay', untold, '--out', join(folder, 'untold.jsonl')]);
    expect(stderr).toMatch(/affectd: 17 windows, \d+ valid; evidence simulated \(simulated streams\)\n$/);
  });
});
