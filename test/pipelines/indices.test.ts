import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type IndicesLine, lineSchemas } from '../../src/io/protocol/output.js';
import { runAffectd } from '../cli/run-affectd.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const root = join(import.meta.dirname, '..', '..');
const pipeline = join(root, 'pipelines', 'indices.yaml');
const demo = join(root, 'fixtures', 'demo', 'demo.xdf');
const folder = temporaryFolder();

async function indicesOf(
  recording: string,
  ...args: string[]
): Promise<{ text: string; lines: IndicesLine[] }> {
  const result = await runAffectd(['replay', recording, '-p', pipeline, '--indices', '-', ...args]);
  expect(result.code, result.stderr).toBe(0);
  return {
    text: result.stdout,
    lines: result.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  };
}

describe('pipelines/indices.yaml', () => {
  it('gives nothing before the rest is over, then deviations from it, whatever the chunks', async () => {
    const { text, lines } = await indicesOf(demo);
    expect((await indicesOf(demo, '--chunk', '7')).text).toBe(text);
    const schema = lineSchemas.indices;
    for (const line of lines) {
      expect(schema.safeParse(line).error).toBeUndefined();
      for (const { value, reason } of line.indices) expect(value === null).toBe(reason !== null);
    }
    const resting = lines.filter(({ time }) => time <= 60).flatMap(({ indices }) => indices);
    expect(new Set(resting.map(({ reason }) => reason))).toEqual(new Set(['resting']));
    for (const node of new Set(lines.map((line) => line.node))) {
      const numbers = lines.filter((line) => line.node === node).map(({ seq }) => seq);
      expect(numbers, node).toEqual(numbers.map((_, i) => i));
    }
    const after = lines.filter(
      ({ time, indices }) => time === 61 && indices.some(({ value }) => value !== null),
    );
    const known = new Set<string>(after.map(({ node }) => node));
    expect(known).toContain('pupil_index');
    expect([...known].some((node) => node.startsWith('heart'))).toBe(true);
    expect(known).toContain('skin_index');
    expect(known).toContain('alpha_index');
  });

  it('is the z of the features that it stands on', async () => {
    const hr = Array.from({ length: 90 * 4 }, (_, i) => 3 + (i < 240 ? 0.05 * Math.sin(i / 40) : 0.4));
    const file = join(folder, 'pupil.csv');
    const rows = hr.map((x, i) => `${i / 4},0.5,0.5,${x}`);
    writeFileSync(file, `time,Gaze.x[norm],Gaze.y[norm],Gaze.pupil[mm]\n${rows.join('\n')}\n`);
    const { lines } = await indicesOf(file);
    const features = await runAffectd(['features', file, '-p', pipeline]);
    const [header, ...table] = features.stdout
      .trim()
      .split('\n')
      .map((row) => row.split(','));
    const column = header.findIndex((name) => name.endsWith('pupil.pupil_mean'));
    const means = table.map((row) => ({ time: Number(row[0]), x: Number(row[column]) }));
    const rest = means.filter(({ time }) => time <= 60).map(({ x }) => x);
    const mean = rest.reduce((a, b) => a + b) / rest.length;
    const sd = Math.sqrt(rest.reduce((a, x) => a + (x - mean) * (x - mean), 0) / rest.length);
    for (const { time, indices } of lines.filter((line) => line.time > 60)) {
      const x = means.find((m) => m.time === time)!.x;
      expect(indices[0].value!).toBeCloseTo((x - mean) / Math.max(sd, 0.02), 9);
    }
  });

  it('writes predictions and indices of one run to two files', async () => {
    const own = join(folder, 'own.yaml');
    writeFileSync(
      own,
      readFileSync(join(root, 'pipelines', 'default.yaml'), 'utf8').replace(
        '\nmodels:',
        '\n  heart_rest: { type: rest-index, input: heart_ecg, span_s: 30, least_sd: { hr_mean: 1, rmssd: 5 } }\n\nmodels:',
      ),
    );
    const [out, indices] = [join(folder, 'out.jsonl'), join(folder, 'indices.jsonl')];
    const result = await runAffectd(['replay', demo, '-p', own, '--out', out, '--indices', indices]);
    expect(result.code, result.stderr).toBe(0);
    const streams = (file: string) =>
      new Set(
        readFileSync(file, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line).stream),
      );
    expect(streams(out)).toEqual(new Set(['affect']));
    expect(streams(indices)).toEqual(new Set(['indices']));
  });
});
