import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Seconds, VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { encodeSamples } from '../../src/io/protocol/sample-frame.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import { passUntil } from '../cli/lock-step.js';
import { RawClient } from '../io/server/daemon.js';
import { pipelineOf } from '../pipeline/live-and-replay.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { replayedRecording } from './replayed-recording.js';

const WINDOW_S: Seconds = 2;
const END_S: Seconds = 30;
const folder = temporaryFolder();
const { cleanups, cleanUp } = cleanUpAfterEach();

const loaded = {
  pipeline: pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: ${WINDOW_S}, hop_s: 0.5 }
`),
  runners: new Map(),
};

type Row = Extract<OutputMessage, { readonly stream: 'features' }>;
const rowsOf = (outputs: readonly OutputMessage[]): Row[] =>
  outputs.flatMap((output) => (output.stream === 'features' ? [output] : []));

/** The band of a row that holds most; null of a row that isn't whole. */
function strongest({ features, values }: Row): string | null {
  if (values.some((value) => value === null)) return null;
  return features[values.indexOf(Math.max(...values.map((value) => value!)))].feature;
}

const kinds = ['binary', 'push'] as const;

/** A sine of 10 Hz, sent in frames that tell their first stamp alone. */
async function run(kind: (typeof kinds)[number], frame_s: Seconds, declared_hz: number, true_hz: number) {
  const clock = new VirtualClock(5000, 1_700_000_000);
  const record = join(folder, `${kind}-${frame_s}-${declared_hz}-${true_hz}`);
  const events: SessionEvent[] = [];
  const settings = { host: '127.0.0.1', port: 0, engine: 'auto', logLevel: 'silent', record } as const;
  const daemon = await startDaemon({ stdout: new PassThrough(), clock }, loaded, settings, (event) =>
    events.push(event),
  );
  cleanups.push(() => daemon.close());
  const outputs: OutputMessage[] = [];
  daemon.runtime.outputs$.subscribe((output) => outputs.push(output));
  const client = await RawClient.connect(daemon.server, '/v1/ingest');
  cleanups.push(() => client.socket.terminate());
  const stream = await client.open({ type: 'EEG', sfreq: declared_hz, channels: ['Cz'] }, { clock: 'lsl' });
  const begin = clock.now();
  const n = Math.round(frame_s * true_hz);
  for (let seq = 0; seq < END_S / frame_s; seq++) {
    await passUntil(clock, begin + (seq + 1) * frame_s);
    const t0 = begin + (seq * n) / true_hz;
    const data = Float32Array.from(
      { length: n },
      (_, i) => 20 * Math.sin((2 * Math.PI * 10 * (seq * n + i)) / true_hz),
    );
    if (kind === 'binary') client.send(encodeSamples({ stream, seq, t0, times: null, data }, 1));
    else client.notify('push', { stream, seq, t0, data: [...data].map((value) => [value]) });
  }
  await passUntil(clock, begin + END_S + 0.3);
  await daemon.close();
  const told = events.filter(({ code }) => code === 'rate-differs');
  return { rows: rowsOf(outputs), again: rowsOf(await replayedRecording(record, loaded)), told };
}

describe.each(
  kinds.flatMap((kind) => ([0.04, 0.2, 0.4] as const).map((frame_s) => [kind, frame_s] as const)),
)('frames with `t0`, by %s, of %d s', (kind, frame_s) => {
  it.each([
    [250, 125],
    [125, 250],
  ])(
    'declared %d Hz, sent %d: told within 6 s, then features of the true rate',
    async (declared_hz, true_hz) => {
      const { rows, again, told } = await run(kind, frame_s, declared_hz, true_hz);
      expect(told.map(({ details }) => details?.used_hz)).toEqual([true_hz]);
      const told_s = told[0].time!;
      expect(told_s).toBeLessThanOrEqual(6);
      const before = rows.filter(({ time }) => time < told_s).map(strongest);
      expect(before.length).toBeGreaterThan(3);
      expect(before).not.toContain('de_alpha');
      // Frames that came before it was told refill no window.
      const after = rows.filter(({ time }) => time > told_s + WINDOW_S + frame_s);
      expect(after.length).toBeGreaterThan(20);
      expect(new Set(after.map(strongest))).toEqual(new Set(['de_alpha']));
      expect(again).toEqual(rows);
      await cleanUp();
      const right = new Map((await run(kind, frame_s, true_hz, true_hz)).rows.map((row) => [row.time, row]));
      for (const { time, values } of after)
        for (const [i, value] of values.entries())
          expect(Math.abs(value! - right.get(time)!.values[i]!), String(time)).toBeLessThan(0.05);
    },
  );
});
