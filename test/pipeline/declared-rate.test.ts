import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FeatureVector } from '../../src/core/features.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { XdfWriter } from '../../src/io/recordings/xdf/xdf-writer.js';
import { spansOf } from '../../src/pipeline/run/match-streams.js';
import { replay } from '../../src/pipeline/run/replay.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { pipelineOf } from './live-and-replay.js';

const folder = temporaryFolder();
const shared = join(import.meta.dirname, '../../../shared/cases/x06-xdf-wrong-nominal-rate/a.xdf');
const pipeline = pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  filtered: { type: bandpass, input: eeg, low_hz: 1, high_hz: 45 }
  de: { type: extract, input: filtered, features: [differential-entropy], window_s: 2, hop_s: 0.5 }
`);
const SPAN_S = 30;
/** Where a table's rate becomes another one: until then its rows tell the first one. */
const CHANGES_S = 60;
/** A rate is decided over 5 s; then filters settle and a window fills. */
const SETTLED_S = 12;
/** One that changes on the way is measured once more when all samples of the span have it. */
const FRESH_S = 5;
/** What the filters' beginning has left by then, nats. */
const LEFT = 1e-5;

/** Alpha of 10 Hz and some of 20 Hz, uV. */
const alphaAt = (t: number): number =>
  30 * Math.sin(2 * Math.PI * 10 * t) + 5 * Math.sin(2 * Math.PI * 20 * t + 1);

/** It, for 30 s at `rate_hz`, in a file that declares another rate. */
function recorded(rate_hz: number, declared_hz: number): string {
  const path = join(folder, `${rate_hz}-as-${declared_hz}.xdf`);
  const writer = XdfWriter.create(path);
  const header = `<info><name>cap</name><type>EEG</type><channel_count>1</channel_count><nominal_srate>${declared_hz}</nominal_srate><channel_format>double64</channel_format><desc><channels><channel><label>Cz</label><unit>microvolts</unit><type>EEG</type></channel></channels></desc></info>`;
  writer.openSender({ id: 'cap', header, format: 'double64', channels: 1 });
  for (let from = 0; from < SPAN_S * rate_hz; from += 25) {
    const times = Float64Array.from({ length: 25 }, (_, i) => (from + i) / rate_hz);
    const values = [...times].map(alphaAt);
    writer.writeSender(
      'cap',
      times.map((t) => 1000 + t),
      values,
    );
  }
  writer.close();
  return path;
}

/** It, as a table, up to and from `CHANGES_S` at the one and the other rate. */
function tabled(before_hz: number, after_hz: number): string {
  const path = join(folder, `${before_hz}-then-${after_hz}.csv`);
  const times = [
    ...Array.from({ length: CHANGES_S * before_hz }, (_, i) => i / before_hz),
    ...Array.from({ length: 1.5 * SPAN_S * after_hz }, (_, i) => CHANGES_S + i / after_hz),
  ];
  writeFileSync(path, ['time,EEG.Cz[uV]', ...times.map((t) => `${t},${alphaAt(t)}`)].join('\n'));
  return path;
}

async function featuresOf(path: string): Promise<readonly FeatureVector[]> {
  const recording = await openRecording(path);
  const messages = recording.messages({ chunk: null, clockSync: true, events: () => {} });
  const vectors: FeatureVector[] = [];
  for await (const output of replay(messages, {
    ...{ session: 's', loaded: { pipeline, runners: new Map() }, features: true },
    ...{ spans: spansOf(recording.streams), events: () => {} },
  }))
    if ('kind' in output && output.kind === 'features' && output.node === 'de') vectors.push(output.vector);
  await recording.close();
  return vectors;
}

/** Once the true rate is in use, the features of both files are the same, and all of them are there. */
async function compare(wrong: string, right: string, from?: number): Promise<void> {
  const of = new Map((await featuresOf(right)).map((vector) => [vector.time, vector]));
  const all = await featuresOf(wrong);
  const start = from ?? all[0].time;
  const settled = all.filter(({ time }) => time > start + SETTLED_S);
  expect(settled.length).toBeGreaterThan(30);
  for (const { time, values, present } of settled) {
    const other = of.get(time)!;
    expect([...present]).toEqual([...other.present]);
    expect(present.every((there) => there === 1)).toBe(true);
    for (const [i, value] of values.entries()) expect(Math.abs(value - other.values[i])).toBeLessThan(LEFT);
  }
}

describe('a file that declares another rate than its own (x06)', () => {
  it.each([
    [125, 250],
    [500, 250],
  ])('of %d Hz as %d: features are those of the true rate', (rate_hz, declared_hz) =>
    compare(recorded(rate_hz, declared_hz), recorded(rate_hz, rate_hz)),
  );

  it.each([
    [250, 125],
    [125, 250],
    [100, 125],
  ])(
    'of %d Hz that goes on at %d, a table: features are those of the rate that it has then',
    (before_hz, after_hz) =>
      compare(tabled(before_hz, after_hz), tabled(after_hz, after_hz), CHANGES_S + FRESH_S),
  );

  it.skipIf(!existsSync(shared))(`of ${shared} (skipped where absent), likewise`, async () => {
    const right = join(folder, 'x06-mended.xdf');
    const [text, declared] = [readFileSync(shared, 'latin1'), '<nominal_srate>250.'];
    expect(text.split(declared)).toHaveLength(2);
    writeFileSync(right, text.replace(declared, '<nominal_srate>125.'), 'latin1');
    await compare(shared, right);
  });
});
