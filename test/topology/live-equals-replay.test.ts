import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { map, Subject, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { SessionRecorder } from '../../src/cli/session-recorder.js';
import { VirtualClock } from '../../src/core/clock.js';
import type { StreamInfo, StreamMessage } from '../../src/core/signal.js';
import { openRecording } from '../../src/recordings/open.js';
import type { SessionMessage } from '../../src/sources/source.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { checkPipeline } from '../../src/topology/check.js';
import { PipelineDocument } from '../../src/topology/document.js';
import type { GraphOutput } from '../../src/topology/graph-output.js';
import { matchStreams } from '../../src/topology/match-streams.js';
import { replay } from '../../src/topology/replay.js';
import { type LoadedPipeline, runSession } from '../../src/topology/run-session.js';
import { Switch } from '../../src/topology/switch.js';
import { tickWhenSilent } from '../../src/topology/tick-when-silent.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const { pipeline } = checkPipeline(
  new PipelineDocument(
    'test.yaml',
    `
sources:
  eeg: { type: websocket, stream_type: EEG }
  temp: { type: websocket, stream_type: TEMP }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 2, hop_s: 0.5 }
  skin: { type: extract, input: temp, features: [skin-temperature], window_s: 2, hop_s: 0.5 }
`,
  ),
);
if (!pipeline) throw new Error('bad pipeline');
const loaded = { pipeline, runners: new Map() };
const eeg = streamInfo({ type: 'EEG', sfreq: 100, labels: ['Cz'], unit: 'uV' });
const temp = streamInfo({ type: 'TEMP', sfreq: 10, labels: ['hand'], unit: 'degC' });

/** What a device measures from `from` to `to`, s, and when it comes: `delay_s` later, what was held back all at `held`. */
interface Sent {
  readonly info: StreamInfo;
  readonly from: number;
  readonly to: number;
  readonly chunk_s: number;
  readonly delay_s: number;
  readonly held?: readonly [from: number, to: number];
}

function arrivals(sent: readonly Sent[]): { at: number; message: StreamMessage }[] {
  return sent
    .flatMap(({ info, from, to, chunk_s, delay_s, held }) => {
      const n = Math.round(chunk_s * info.sfreq);
      return Array.from({ length: Math.round((to - from) / chunk_s) }, (_, k) => {
        const first = Math.round((from + k * chunk_s) * 1000) / 1000;
        const row = Float64Array.from({ length: n }, (_, i) => {
          const t = first + i / info.sfreq;
          return info === eeg ? 20 * Math.sin(60 * t) + 9 * Math.sin(t * t) : 30 + 0.01 * t * t;
        });
        const came = first + chunk_s + delay_s;
        const at = held && came >= held[0] && came < held[1] ? held[1] : came;
        return { at, message: { kind: 'chunk', chunk: chunkOf(info, [row], first) } as StreamMessage };
      });
    })
    .sort((a, b) => a.at - b.at);
}

const folder = temporaryFolder();

const textOf = (output: GraphOutput): string | null =>
  output.kind === 'features'
    ? JSON.stringify([output.node, output.vector.time, [...output.vector.values], [...output.vector.present]])
    : null;

/** What the session gives live, and what the replay of its recording gives. */
async function both(name: string, sent: readonly Sent[], until: number, chunk: number | null = null) {
  const clock = new VirtualClock();
  const source = new Subject<SessionMessage>();
  const path = join(folder, name);
  const recorder = new SessionRecorder(path, { clock, events: () => {} });
  const live: string[] = [];
  source
    .pipe(
      tickWhenSilent(clock),
      tap((message) => recorder.take(message)),
      map(({ message }) => message),
      runSession({ session: 's', loaded: new Switch<LoadedPipeline>(loaded), clock, events: () => {} }),
    )
    .subscribe(({ output }) => {
      const text = textOf(output);
      if (text) live.push(text);
    });
  const infos = [...new Set(sent.map(({ info }) => info))];
  const send = (message: StreamMessage): void => source.next({ session: 's', message });
  for (const info of infos) send({ kind: 'open', info });
  for (const { at, message } of arrivals(sent)) {
    clock.advance(Math.max(0, at - clock.now()));
    send(message);
  }
  clock.advance(Math.max(0, until - clock.now()));
  for (const { id } of infos) send({ kind: 'close', id });
  source.complete();
  await recorder.close();
  const recording = await openRecording(join(path, readdirSync(path)[0]));
  const { bindings } = matchStreams(pipeline!, recording.streams);
  const replayed: string[] = [];
  const messages = recording.messages({ chunk, clockSync: true, events: () => {} });
  const options = { session: 's', loaded, bindings, events: () => {}, features: true };
  for await (const output of replay(messages, { ...options, inArrivalOrder: recording.inArrivalOrder })) {
    const text = textOf(output as GraphOutput);
    if (text) replayed.push(text);
  }
  await recording.close();
  return { live, replayed };
}

describe('the replay of a recorded session gives what was given live', () => {
  const head = { info: eeg, from: 0, to: 12, chunk_s: 0.1, delay_s: 0.02 };
  const hand = { info: temp, from: 0, to: 12, chunk_s: 0.3, delay_s: 0.05 };

  it('where a stream comes much later than another', async () => {
    const { live, replayed } = await both('late', [head, { ...hand, delay_s: 0.35 }], 12.5);
    expect(live.length).toBeGreaterThan(30);
    expect(replayed).toEqual(live);
  });

  it.each([1, 7, 4096])('in chunks of %i samples as well', async (chunk) => {
    const { live, replayed } = await both(
      `late-${chunk}`,
      [
        { ...head, chunk_s: 0.8 },
        { ...hand, delay_s: 0.35 },
      ],
      12.5,
      chunk,
    );
    expect(replayed).toEqual(live);
  });

  it('where everything stood still, and came at once', async () => {
    const { live, replayed } = await both(
      'stall',
      [head, hand].map((sent) => ({ ...sent, held: [5, 10] as const })),
      12.5,
    );
    expect(live.some((line) => JSON.parse(line)[3].every((mask: number) => mask === 0))).toBe(true);
    expect(replayed).toEqual(live);
  });

  it('to the end of a silence that no sample ends', async () => {
    const { live, replayed } = await both('silence', [head, hand], 30);
    expect(JSON.parse(live.at(-1)!)[1]).toBeGreaterThan(25);
    expect(replayed).toEqual(live);
  });
});
