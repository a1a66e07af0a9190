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
/** A rate is decided over 5 s; then filters settle and a window fills. */
const SETTLED_S = 12;
/** What the filters' beginning has left by then, nats. */
const LEFT = 1e-5;

/** Alpha of 10 Hz and some of 20 Hz, uV, for 30 s at `rate_hz`, in a file that declares another rate. */
function recorded(rate_hz: number, declared_hz: number): string {
  const path = join(folder, `${rate_hz}-as-${declared_hz}.xdf`);
  const writer = XdfWriter.create(path);
  const header = `<info><name>cap</name><type>EEG</type><channel_count>1</channel_count><nominal_srate>${declared_hz}</nominal_srate><channel_format>double64</channel_format><desc><channels><channel><label>Cz</label><unit>microvolts</unit><type>EEG</type></channel></channels></desc></info>`;
  writer.openSender({ id: 'cap', header, format: 'double64', channels: 1 });
  for (let from = 0; from < SPAN_S * rate_hz; from += 25) {
    const times = Float64Array.from({ length: 25 }, (_, i) => (from + i) / rate_hz);
    const values = [...times].map(
      (t) => 30 * Math.sin(2 * Math.PI * 10 * t) + 5 * Math.sin(2 * Math.PI * 20 * t + 1),
    );
    writer.writeSender(
      'cap',
      times.map((t) => 1000 + t),
      values,
    );
  }
  writer.close();
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
async function compare(wrong: string, right: string): Promise<void> {
  const of = new Map((await featuresOf(right)).map((vector) => [vector.time, vector]));
  const all = await featuresOf(wrong);
  const start = all[0].time;
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

  it.skipIf(!existsSync(shared))(`of ${shared} (skipped where absent), likewise`, async () => {
    const right = join(folder, 'x06-mended.xdf');
    const [text, declared] = [readFileSync(shared, 'latin1'), '<nominal_srate>250.'];
    expect(text.split(declared)).toHaveLength(2);
    writeFileSync(right, text.replace(declared, '<nominal_srate>125.'), 'latin1');
    await compare(shared, right);
  });
});
