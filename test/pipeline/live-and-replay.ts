import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Subject } from 'rxjs';
import { VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import type { StreamInfo, StreamMessage } from '../../src/core/signal.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { checkPipeline } from '../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../src/pipeline/file/document.js';
import type { Pipeline } from '../../src/pipeline/file/pipeline.js';
import { loggedSources, spansOf } from '../../src/pipeline/run/match-streams.js';
import { replay } from '../../src/pipeline/run/replay.js';
import { type LoadedPipeline, runSession } from '../../src/pipeline/run/run-session.js';
import { Switch } from '../../src/pipeline/run/switch.js';
import type { GraphOutput } from '../../src/pipeline/session/graph-output.js';
import { SessionRecorder } from '../../src/recorder/session-recorder.js';
import { StallWatch } from '../../src/signal/timebase/stall-watch.js';
import { chunkOf } from '../../src/testing/stream-fixtures.js';

export function pipelineOf(text: string): Pipeline {
  const { pipeline, problems } = checkPipeline(new PipelineDocument('test.yaml', text));
  if (!pipeline) throw new Error(JSON.stringify(problems));
  return pipeline;
}

/** Something that comes at a time, s. */
export interface Arrival {
  readonly at: number;
  readonly message: StreamMessage;
}

/** What a device measures from `from` to `to`, s, and when it comes: `delay_s` later, what was held back all at `held`. */
export interface Sent {
  readonly info: StreamInfo;
  readonly from: number;
  readonly to: number;
  readonly chunk_s: number;
  readonly delay_s: number;
  readonly held?: readonly [from: number, to: number];
  /** Samples before the first are missing. */
  readonly gap?: boolean;
}

export function arrivals(sent: readonly Sent[]): Arrival[] {
  return sent
    .flatMap(({ info, from, to, chunk_s, delay_s, held, gap = false }) => {
      const n = Math.round(chunk_s * info.sfreq);
      return Array.from({ length: Math.round((to - from) / chunk_s) }, (_, k): Arrival => {
        const first = Math.round((from + k * chunk_s) * 1000) / 1000;
        const row = Float64Array.from({ length: n }, (_, i) => {
          const t = first + i / info.sfreq;
          return info.type === 'EEG' ? 20 * Math.sin(60 * t) + 9 * Math.sin(t * t) : 30 + 0.01 * t * t;
        });
        const came = first + chunk_s + delay_s;
        const at = held && came >= held[0] && came < held[1] ? held[1] : came;
        const rows = info.channels.map((_, c) => row.map((x) => x * (1 + 0.1 * c)));
        return { at, message: { kind: 'chunk', chunk: chunkOf(info, rows, first, gap && k === 0) } };
      });
    })
    .sort((a, b) => a.at - b.at);
}

export const opened = (at: number, ...infos: StreamInfo[]): Arrival[] =>
  infos.map((info) => ({ at, message: { kind: 'open', info } }));
export const closed = (at: number, ...infos: StreamInfo[]): Arrival[] =>
  infos.map(({ id }) => ({ at, message: { kind: 'close', id } }));

/** What opens does so before the samples of the same time, what closes after them. */
export function inOrder(...happenings: readonly (readonly Arrival[])[]): Arrival[] {
  const rank = ({ message: { kind } }: Arrival): number =>
    kind === 'open' || kind === 'zero' ? 0 : kind === 'close' ? 2 : 1;
  return happenings.flat().sort((a, b) => a.at - b.at || rank(a) - rank(b));
}

/** What a window gives, to the last bit. */
function textOf(output: GraphOutput): string | null {
  if (output.kind === 'features')
    return JSON.stringify([
      output.node,
      output.vector.time,
      [...output.vector.values],
      [...output.vector.present],
    ]);
  if (output.kind === 'closed')
    return JSON.stringify([
      'closed',
      output.time,
      [...output.inputs].map(([source, { stale }]) => [source, stale]),
    ]);
  return null;
}

export interface LiveAndReplay {
  readonly live: readonly string[];
  /** When each of `live` was given, s of the clock. */
  readonly closedAt: readonly number[];
  readonly replayed: readonly string[];
  /** The session's log, as it was recorded. */
  readonly log: readonly StreamMessage[];
  /** What the live session told. */
  readonly events: readonly SessionEvent[];
  /** What the replay of the recording told. */
  readonly told: readonly SessionEvent[];
}

/** What the session gives live into `folder`, and what the replay of its recording gives. */
export async function liveAndReplay(
  folder: string,
  pipeline: Pipeline,
  happenings: readonly Arrival[],
  {
    chunk = null,
    until = 0,
    stalled,
    reload,
    replayedThrough = pipeline,
  }: {
    readonly chunk?: number | null;
    readonly until?: number;
    /** When the daemon stands still. */
    readonly stalled?: readonly [from: number, to: number];
    /** What the pipeline is replaced by, and when. */
    readonly reload?: readonly [at: number, to: Pipeline];
    /** Default: the pipeline that ran live first. */
    readonly replayedThrough?: Pipeline;
  } = {},
): Promise<LiveAndReplay> {
  const current = new Switch<LoadedPipeline>({ pipeline, runners: new Map() });
  const clock = new VirtualClock();
  const source = new Subject<StreamMessage>();
  const events: SessionEvent[] = [];
  const stall = new StallWatch(clock, (age_s) =>
    events.push({ code: 'daemon-behind', level: 'warn', message: 'it stood still', details: { age_s } }),
  );
  const recorder = new SessionRecorder(folder, { clock, events: () => {} });
  const live: string[] = [];
  const closedAt: number[] = [];
  const log: StreamMessage[] = [];
  source
    .pipe(
      runSession({
        ...{ session: 's', loaded: current, clock, events: (event) => events.push(event) },
        stall,
        log: (message) => {
          recorder.take({ session: 's', message });
          log.push(message);
        },
      }),
    )
    .subscribe(({ output }) => {
      const text = textOf(output);
      if (!text) return;
      live.push(text);
      closedAt.push(clock.now());
    });
  for (const { at, message } of happenings) {
    if (reload && current.value.pipeline === pipeline && at >= reload[0]) {
      clock.advance(Math.max(0, reload[0] - clock.now()));
      current.prepare({ pipeline: reload[1], runners: new Map() })();
      recorder.reloaded(pipeline.digest, reload[1].digest);
    }
    const stalls = stalled && stalled[0] >= clock.now() && stalled[0] < at;
    if (stalls) {
      clock.advance(stalled[0] - clock.now());
      clock.stall(stalled[1] - stalled[0]);
    }
    clock.advance(Math.max(0, at - clock.now()));
    stall.came();
    source.next(message);
  }
  clock.advance(Math.max(0, until - clock.now()));
  source.complete();
  await recorder.close();
  const recording = await openRecording(join(folder, readdirSync(folder)[0]));
  const told: SessionEvent[] = [];
  const replayed = await replayedTexts(
    recording.messages({ chunk, clockSync: true, events: () => {} }),
    { pipeline: replayedThrough, runners: new Map() },
    {
      inArrivalOrder: recording.inArrivalOrder ?? false,
      spans: spansOf(recording.streams),
      logged: loggedSources(replayedThrough, recording.bound),
      events: (event) => told.push(event),
    },
  );
  await recording.close();
  return { live, closedAt, replayed, log, events, told };
}

/** What the replay of a foreign recording of the same gives, whose chunks come in order of their stamps. */
export function foreign(pipeline: Pipeline, happenings: readonly Arrival[]): Promise<readonly string[]> {
  const chunks = happenings.flatMap(({ message }) => (message.kind === 'chunk' ? [message.chunk] : []));
  const infos = new Map<string, StreamInfo>();
  const messages = [...chunks]
    .sort((a, b) => a.times[0] - b.times[0])
    .flatMap((chunk): StreamMessage[] => {
      const isKnown = infos.get(chunk.info.id) === chunk.info;
      infos.set(chunk.info.id, chunk.info);
      return [...(isKnown ? [] : [{ kind: 'open', info: chunk.info } as const]), { kind: 'chunk', chunk }];
    });
  return replayedTexts(messages, { pipeline, runners: new Map() }, { events: () => {} });
}

async function replayedTexts(
  messages: AsyncIterable<StreamMessage> | Iterable<StreamMessage>,
  loaded: LoadedPipeline,
  options: Omit<Parameters<typeof replay>[1], 'session' | 'loaded'>,
): Promise<string[]> {
  const texts: string[] = [];
  const all = { session: 's', loaded, features: true, monitor: true, ...options };
  for await (const output of replay(messages, all)) {
    const text = textOf(output as GraphOutput);
    if (text) texts.push(text);
  }
  return texts;
}
