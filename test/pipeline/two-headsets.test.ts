import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StreamInfo } from '../../src/core/signal.js';
import { XdfWriter } from '../../src/io/recordings/xdf/xdf-writer.js';
import { streamInfo } from '../../src/testing/stream-fixtures.js';
import { runAffectd } from '../cli/run-affectd.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import {
  type Arrival,
  arrivals,
  closed,
  inOrder,
  liveAndReplay,
  opened,
  pipelineOf,
} from './live-and-replay.js';

const text = `
sources:
  left: { type: lsl, stream_type: EEG, source_id: L }
  right: { type: lsl, stream_type: EEG, source_id: R }
transforms:
  left_de: { type: extract, input: left, features: [differential-entropy], window_s: 2, hop_s: 0.5 }
  right_de: { type: extract, input: right, features: [differential-entropy], window_s: 2, hop_s: 0.5 }
`;
const SPAN_S = 12;
const folder = temporaryFolder();
const pipelineFile = join(folder, 'two.yaml');
writeFileSync(pipelineFile, text);

const muse = {
  ...streamInfo({ type: 'EEG', sfreq: 100, labels: ['Cz'], unit: 'uV' }),
  name: 'Muse',
  hostname: 'lab',
};
/** Only their source ids tell them apart; what the right one measures is three times as strong. */
const left: StreamInfo = { ...muse, id: 'Muse', sourceId: 'L' };
const right: StreamInfo = { ...muse, id: 'Muse#2', sourceId: 'R' };
const gains = new Map([
  [left.id, 1],
  [right.id, 3],
]);

/** What the headsets of `infos` send, the later ones first. */
function sentBy(...infos: readonly StreamInfo[]): Arrival[] {
  const sent = infos.map((info) => ({ info, from: 0, to: SPAN_S, chunk_s: 0.1, delay_s: 0.02 }));
  const chunks = arrivals(sent.reverse()).map(({ at, message }): Arrival => {
    if (message.kind !== 'chunk') return { at, message };
    const { chunk } = message;
    const gain = gains.get(chunk.info.id)!;
    return { at, message: { kind: 'chunk', chunk: { ...chunk, data: chunk.data.map((x) => gain * x) } } };
  });
  return inOrder(opened(0, ...infos), chunks, closed(SPAN_S + 0.5, ...infos));
}

/** What a node gave, by time. */
type Vectors = ReadonlyMap<number, readonly number[]>;

function vectorsOf(lines: readonly string[], node: string): Vectors {
  return new Map(
    lines.flatMap((line) => {
      const [of, time, values] = JSON.parse(line);
      return of === node ? [[time, values] as const] : [];
    }),
  );
}

/** What the columns of a source hold, by time. */
function columnsOf(csv: string, source: string): Vectors {
  const [header, ...rows] = csv
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','));
  const places = header.flatMap((name, i) => (name.startsWith(`${source}.`) ? [i] : []));
  return new Map(rows.map((row) => [Number(row[0]), places.map((i) => Number(row[i]))]));
}

/** Another recorder's file of both, the right one's stream first. */
function foreignRecording(): string {
  const path = join(folder, 'foreign.xdf');
  const writer = XdfWriter.create(path);
  const channel = '<channel><label>Cz</label><unit>microvolts</unit><type>EEG</type></channel>';
  for (const { id, name, sourceId } of [right, left]) {
    const header = `<info><name>${name}</name><type>EEG</type><channel_count>1</channel_count><nominal_srate>100</nominal_srate><channel_format>double64</channel_format><source_id>${sourceId}</source_id><hostname>lab</hostname><desc><channels>${channel}</channels></desc></info>`;
    writer.openSender({ id, header, format: 'double64', channels: 1 });
  }
  for (const { message } of sentBy(left, right))
    if (message.kind === 'chunk') {
      const { info, times, data } = message.chunk;
      writer.writeSender(
        info.id,
        times.map((t) => 1000 + t),
        [...data],
      );
    }
  writer.close();
  return path;
}

describe('two headsets that only their source ids tell apart', () => {
  const both = liveAndReplay(join(folder, 'own'), pipelineOf(text), sentBy(left, right));
  /** What a node gives live that has its headset alone. */
  const alone = async (node: string, worn: StreamInfo): Promise<Vectors> => {
    const { live } = await liveAndReplay(join(folder, node), pipelineOf(text), sentBy(worn));
    return vectorsOf(live, node);
  };
  const wanted = Promise.all([alone('left_de', left), alone('right_de', right)]);

  async function expectOwn(left: Vectors, right: Vectors): Promise<void> {
    const [leftAlone, rightAlone] = await wanted;
    expect(leftAlone.size).toBeGreaterThan(20);
    for (const [time, values] of leftAlone) {
      expect(left.get(time)).toEqual(values);
      expect(right.get(time)).toEqual(rightAlone.get(time));
      expect(values).not.toEqual(rightAlone.get(time));
    }
  }

  it('feed each its own source, live and in the replay of the recording', async () => {
    const { live, replayed } = await both;
    await expectOwn(vectorsOf(live, 'left_de'), vectorsOf(live, 'right_de'));
    expect(replayed).toEqual(live);
  });

  it('have columns of their own in the CSV of our recording', async () => {
    await both;
    const [own] = readdirSync(join(folder, 'own'));
    const { code, stdout, stderr } = await runAffectd([
      ...['features', join(folder, 'own', own), '-p', pipelineFile],
    ]);
    expect(code, stderr).toBe(0);
    await expectOwn(columnsOf(stdout, 'left'), columnsOf(stdout, 'right'));
  });

  it('feed each its own source in the replay of a foreign recording, and have columns of their own', async () => {
    const path = foreignRecording();
    const { code, stdout, stderr } = await runAffectd(['features', path, '-p', pipelineFile]);
    expect(code, stderr).toBe(0);
    const bands = ['delta', 'theta', 'alpha', 'beta', 'gamma'];
    expect(stdout.split('\r\n')[0].split(',')).toEqual([
      'time',
      ...['left', 'right'].flatMap((source) => bands.map((band) => `${source}.Cz.de_${band}`)),
    ]);
    await expectOwn(columnsOf(stdout, 'left'), columnsOf(stdout, 'right'));
    const replayed = await runAffectd(['replay', path, '-p', pipelineFile, '--streams', 'features']);
    expect(replayed.code, replayed.stderr).toBe(0);
    const lines = replayed.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const given = (node: string): Vectors =>
      new Map(lines.flatMap((line) => (line.node === node ? [[line.time, line.values] as const] : [])));
    await expectOwn(given('left_de'), given('right_de'));
  });
});
