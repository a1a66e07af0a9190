import type { Seconds } from '../../core/clock.js';
import { isMeasured } from '../../core/signal.js';
import { openRecordings } from '../../io/recordings/open.js';
import type { Recording } from '../../io/recordings/recording.js';
import { aboutXdf } from '../../io/recordings/xdf/xdf-parts.js';
import type { OutputMessage } from '../../io/sinks/sink.js';
import { loggedSources } from '../../pipeline/run/match-streams.js';
import { outputMessage } from '../../pipeline/run/output-messages.js';
import { replay } from '../../pipeline/run/replay.js';
import { SampleCounts } from './ledger.js';
import type { DaemonLife, WorldHistory } from './world.js';
import type { DeviceHost } from './world-device.js';
import type { WorldSubscriber } from './world-subscriber.js';

/** What a client may be behind, bytes: what it isn't answered, what is in flight, and a message. */
const MOST_UNREAD_BYTES = (1 << 20) + (128 << 10);
/** Timers and what is on its way, in a world of few devices. */
const MOST_DUE = 5000;
/** A stream may be silent for so long before it is told, and must be silent for so long, s. */
const LONGEST_SILENCE_S: Seconds = 5;
const LEAST_SILENCE_S: Seconds = 0.55;
/** How long a device takes to begin its stream anew, s. */
const ENDING_S: Seconds = 2;
/** What is told of a window is so late at most, and its place so uncertain, s. */
const HOP_S: Seconds = 0.5;
const PLACE_S: Seconds = 0.25;
/** What the replay of a recording without an end may close at its end otherwise than the daemon that went on, s. */
const OPEN_END_S: Seconds = 3;
/** Events that tell a fault of our own code. */
const OWN_FAULTS: ReadonlySet<string> = new Set(['connection-failed', 'session-failed', 'source-failed']);
/** Problems of one kind that are told. */
const MOST_TOLD = 5;

/** Whether a message is of a node, and numbered by it. */
const isOfNode = (output: object): output is { node: string; seq: number; time: Seconds } =>
  'node' in output && 'seq' in output;

/** What must hold in every world, whatever its faults: one line for each thing that doesn't. `folder`: for its files. */
export async function brokenInvariants(history: WorldHistory, folder: string): Promise<string[]> {
  history.disk.writeTo(folder, history.folder);
  const { recordings, problems } = await openedRecordings(history, folder);
  try {
    return [
      ...problems,
      ...history.troubles,
      ...ownFaults(history),
      ...(await wrongSamples(history, recordings)),
      ...history.subscribers.flatMap((subscriber) => wrongNumbers(history, subscriber)),
      ...history.lives.flatMap((life) => [...wrongTimes(life), ...wrongSilence(history, life)]),
      ...(await replayedOtherwise(history, recordings)),
      ...overfull(history),
    ];
  } finally {
    await Promise.all([...recordings.values()].map((recording) => recording.close()));
  }
}

const few = (problems: readonly string[]): string[] =>
  problems.length <= MOST_TOLD
    ? [...problems]
    : [...problems.slice(0, MOST_TOLD), `and ${problems.length - MOST_TOLD} more like this`];

/** By the path of each file. */
async function openedRecordings(
  { disk, folder: top }: WorldHistory,
  folder: string,
): Promise<{ readonly recordings: ReadonlyMap<string, Recording>; readonly problems: string[] }> {
  const recordings = new Map<string, Recording>();
  const problems: string[] = [];
  for (const name of disk.names) {
    const path = name.replace(top, folder);
    if (recordings.has(path) || disk.contentOf(name).length === 0) continue;
    try {
      const [recording] = await openRecordings([path]);
      for (const file of recording.files ?? [path]) recordings.set(file, recording);
    } catch (error) {
      problems.push(`a file that doesn't open: ${(error as Error).message}`);
    }
  }
  return { recordings, problems };
}

function ownFaults({ lives }: WorldHistory): string[] {
  return few(
    lives.flatMap(({ events }) =>
      events.filter(({ code }) => OWN_FAULTS.has(code)).map(({ code, message }) => `${code}: ${message}`),
    ),
  );
}

/** No acknowledged sample is lost, and none is in a recording more often than it was sent. */
async function wrongSamples(
  { ledger }: WorldHistory,
  recordings: ReadonlyMap<string, Recording>,
): Promise<string[]> {
  const found = new Map<string, SampleCounts>();
  /** Samples of masked streams, which have no number left. */
  const unnamed = new Map<string, number>();
  const problems: string[] = [];
  for (const recording of new Set(recordings.values())) {
    const own = new Map<string, SampleCounts>();
    for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} })) {
      if (message.kind !== 'chunk' || !isMeasured(message.chunk.info)) continue;
      const { info, data, times } = message.chunk;
      const counts = own.get(info.name) ?? new SampleCounts();
      own.set(info.name, counts);
      for (const number of data.subarray(0, times.length)) {
        if (Number.isNaN(number)) unnamed.set(info.name, (unnamed.get(info.name) ?? 0) + 1);
        else counts.add(number);
      }
    }
    for (const [device, counts] of own) {
      const { sent = new SampleCounts() } = ledger.accounts.get(device) ?? {};
      const excess = counts.notIn(sent);
      if (excess.length > 0)
        problems.push(`${device}: ${excess.length} samples doubled, of them ${spanOf(excess)}`);
      const all = found.get(device) ?? new SampleCounts();
      found.set(device, all);
      for (let number = 0; number < counts.length; number++) all.add(number, counts.of(number));
    }
  }
  for (const [device, { acknowledged }] of ledger.accounts) {
    const lost = acknowledged.notIn(found.get(device) ?? new SampleCounts());
    if (lost.length > (unnamed.get(device) ?? 0))
      problems.push(`${device}: ${lost.length} acknowledged samples lost, of them ${spanOf(lost)}`);
  }
  return problems;
}

const spanOf = (numbers: readonly number[]): string => `${numbers[0]} to ${numbers[numbers.length - 1]}`;

/**
 * Numbers of a node's messages rise by one, where a subscriber is to get all, and never fall where it is told the newest again. They go
 * on over a kill, from one that was heard at the latest: lines whose samples weren't kept yet are told again.
 */
function wrongNumbers(
  { lives }: WorldHistory,
  { description, heard, joinedLate }: WorldSubscriber,
): string[] {
  const { name, policy } = description;
  const isContinued = (session: string, run: string): boolean =>
    lives.some(({ resumed }) => resumed.get(session) === run);
  const last = new Map<string, { readonly run: string; readonly seq: number }>();
  const firstRuns = new Map<string, string>();
  const problems: string[] = [];
  for (const message of heard) {
    if (!isOfNode(message)) continue;
    const { session, node, run, seq, stream } = message;
    const key = `${session} ${stream} ${node}`;
    const before = last.get(key) ?? null;
    last.set(key, { run, seq });
    if (!firstRuns.has(session)) firstRuns.set(session, run);
    const isSameRun = before?.run === run;
    const isFirst = before === null && joinedLate.has(session) && firstRuns.get(session) === run;
    const next = before && (isSameRun || isContinued(session, run)) ? before.seq + 1 : 0;
    const isRight =
      policy !== 'buffer' || isFirst
        ? !isSameRun || seq >= before.seq
        : seq === next || (!isSameRun && seq < next);
    if (!isRight)
      problems.push(`${name}: seq ${seq} of ${key} in ${run} came after ${before?.seq} in ${before?.run}`);
  }
  return few(problems);
}

/** Windows of a node close one after the other. */
function wrongTimes({ told, from }: DaemonLife): string[] {
  const last = new Map<string, { readonly seq: number; readonly time: Seconds }>();
  const problems: string[] = [];
  for (const { output } of told) {
    if (!isOfNode(output)) continue;
    const { session, stream, node, seq, time } = output;
    const key = `${session} ${stream} ${node}`;
    const before = last.get(key);
    last.set(key, { seq, time });
    // A session that begins anew counts from 0.
    if (!before || seq === 0) continue;
    if (seq !== before.seq + 1 || time <= before.time)
      problems.push(
        `${key} (daemon of ${from} s): ${seq} at ${time} s came after ${before.seq} at ${before.time} s`,
      );
  }
  return few(problems);
}

/** Who sends isn't called silent for longer than a hop, and who is silent is, by when samples came to the daemon's machine. */
function wrongSilence({ devices }: WorldHistory, { told, from, wentOn }: DaemonLife): string[] {
  const hosts = new Map(devices.map(({ host }) => [host.name, host]));
  /** By session and source, what was wrong of the window before. */
  const before = new Map<string, string | null>();
  const problems: string[] = [];
  for (const { output, at, place } of told) {
    if (output.stream !== 'quality' || place === null) continue;
    for (const [source, { name, present, reason, sfreq }] of Object.entries(output.inputs)) {
      const host = hosts.get(name);
      if (!host || sfreq < 10) continue;
      const key = `${output.session} ${source}`;
      const wrong = silenceWronglyTold(host, { from, wentOn, place, at, present, reason });
      if (wrong !== null && before.get(key) === wrong)
        problems.push(`${key} at ${output.time} s, told at ${at.toFixed(3)} s: ${wrong}`);
      before.set(key, wrong);
    }
  }
  return few(problems);
}

interface SourceTold {
  /** When the daemon's process began, where the window lies, and when it was told, s of the world's time. */
  readonly from: Seconds;
  readonly wentOn: readonly Seconds[];
  readonly place: Seconds;
  readonly at: Seconds;
  readonly present: boolean;
  readonly reason: string | null;
}

/** What is wrong with what is told of a source in a window; null: nothing. */
function silenceWronglyTold(
  { landed, ended }: DeviceHost,
  { from, wentOn, place, at, present, reason }: SourceTold,
): string | null {
  if (present) {
    const since = Math.min(place, at) - LONGEST_SILENCE_S - HOP_S - PLACE_S;
    // Until it has caught up, nobody counts as silent.
    const wasStopped = wentOn.some((end) => end > since && end <= at);
    const isHeard = since <= from || wasStopped || greatestPause(landed, since, at) < at - since;
    return isHeard ? null : 'it counts as present, though nothing came for a long time';
  }
  if (reason !== 'stale') return null;
  const since = Math.min(place, at) - 2 * LEAST_SILENCE_S;
  // A stream that its device ended is masked at once.
  const isOver = ended.some((end) => end >= since - ENDING_S && end <= at);
  const isSilent = since <= from || isOver || greatestPause(landed, since, at) >= LEAST_SILENCE_S;
  return isSilent ? null : 'it counts as silent, though samples came all the time';
}

/** The longest time without anything, s. */
function greatestPause(times: readonly Seconds[], from: Seconds, to: Seconds): Seconds {
  let most = 0;
  let last = from;
  for (let i = firstAfter(times, from); i < times.length && times[i] < to; i++) {
    most = Math.max(most, times[i] - last);
    last = times[i];
  }
  return Math.max(most, to - last);
}

function firstAfter(times: readonly Seconds[], from: Seconds): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What a session was told under one run, and how the daemon that told it ended. */
interface ToldRun {
  readonly end: DaemonLife['end'];
  readonly lines: OutputMessage[];
}

/** What was told live, over all daemons that went on with a session, is what the replay of its recording gives. */
async function replayedOtherwise(
  history: WorldHistory,
  recordings: ReadonlyMap<string, Recording>,
): Promise<string[]> {
  const recorded = new Map<string, { readonly recording: Recording | null; readonly session: string }>();
  for (const [path, recording] of recordings) {
    const { session, run } = aboutXdf(path) ?? {};
    if (session && run) recorded.set(`${session} ${run}`, { recording, session });
  }
  const problems: string[] = [];
  for (const { session, recording, runs } of toldBySession(history, recorded)) {
    const replayed = recording ? await replayOf(history, recording, session) : [];
    const problem = differenceOf(lastTold(runs), replayed, runs.at(-1)?.end ?? 'closed');
    if (problem) problems.push(`${session} (${recording?.stem ?? 'not recorded'}): ${problem}`);
  }
  return problems;
}

interface ToldSession {
  readonly session: string;
  readonly recording: Recording | null;
  readonly runs: ToldRun[];
}

/** What was told of each session, of which there may be several of one name; `recorded`: by session and run. */
function toldBySession(
  { lives }: WorldHistory,
  recorded: ReadonlyMap<string, Omit<ToldSession, 'runs'>>,
): Iterable<ToldSession> {
  const told = new Map<unknown, ToldSession>();
  for (const { recording, session } of recorded.values())
    told.set(recording, { session, recording, runs: [] });
  const newest = new Map<string, ToldSession>();
  const runs = new Map<string, ToldRun>();
  for (const { told: lines, resumed, end } of lives)
    for (const { output, run } of lines) {
      const { session } = output;
      if (!isCompared(output, session)) continue;
      const key = `${session} ${run}`;
      const toldRun = runs.get(key) ?? { end, lines: [] };
      if (!runs.has(key)) {
        const { recording = null } = recorded.get(key) ?? {};
        // What it told before it was killed again may be in no file.
        const before = resumed.get(session) === run ? newest.get(session) : undefined;
        const of = told.get(recording) ?? before ?? { session, recording, runs: [] };
        if (!of.recording) told.set(of, of);
        newest.set(session, of);
        of.runs.push(toldRun);
        runs.set(key, toldRun);
      }
      toldRun.lines.push(output);
    }
  return told.values();
}

/** What counts of what was told: a line that was told again after a kill counts as it was told last. */
function lastTold(runs: readonly ToldRun[]): OutputMessage[] {
  const again = new Map<string, number>();
  const counting: OutputMessage[][] = [];
  for (const { lines } of [...runs].reverse()) {
    counting.push(
      lines.filter((line) => numberOf(line) < (again.get(keyOf(line)) ?? Number.POSITIVE_INFINITY)),
    );
    for (const line of [...lines].reverse()) again.set(keyOf(line), numberOf(line));
  }
  return counting.reverse().flat();
}

const keyOf = (line: OutputMessage): string => (isOfNode(line) ? `${line.stream} ${line.node}` : line.stream);
const numberOf = (line: OutputMessage): number => (isOfNode(line) ? line.seq : (line.time ?? 0));

function isCompared(output: OutputMessage, session: string): boolean {
  return output.session === session && (isOfNode(output) || output.stream === 'quality');
}

async function replayOf(
  { plan }: WorldHistory,
  recording: Recording,
  session: string,
): Promise<OutputMessage[]> {
  const { pipeline: loaded, restore_s } = plan;
  const outputs: OutputMessage[] = [];
  const messages = recording.messages({ chunk: null, clockSync: true, events: () => {} });
  for await (const output of replay(messages, {
    ...{ session, loaded, events: () => {}, features: true, monitor: true, batch: 16 },
    ...(recording.inArrivalOrder !== undefined && { inArrivalOrder: recording.inArrivalOrder }),
    logged: loggedSources(loaded.pipeline, recording.bound),
    ...(recording.thinned && { thinned: recording.thinned }),
    restoreEvery_s: restore_s,
  })) {
    const message = outputMessage(session, output);
    if (message && isCompared(message, session)) outputs.push(message);
  }
  return outputs;
}

function differenceOf(
  live: readonly OutputMessage[],
  replayed: readonly OutputMessage[],
  end: DaemonLife['end'],
): string | null {
  const texts = replayed.map((output) => JSON.stringify(output));
  const at = texts.findIndex((text, i) => text !== JSON.stringify(live[i]));
  if (end === 'closed' && at < 0 && texts.length === live.length) return null;
  if (end === 'killed') {
    const last = replayed.at(-1)?.time ?? 0;
    if (at < 0 || (replayed[at].time ?? last) >= last - OPEN_END_S) return null;
  }
  const first = at < 0 ? replayed.length : at;
  return `the replay gives ${texts.length} lines, live were ${live.length}; the first that differs, ${first}: ${short(texts[first])} instead of ${short(JSON.stringify(live[first]))}`;
}

const short = (text: string | undefined): string => (text === undefined ? 'none' : text.slice(0, 400));

/** Nothing waits without a bound. */
function overfull({ most }: WorldHistory): string[] {
  const problems: string[] = [];
  if (most.unread_bytes > MOST_UNREAD_BYTES)
    problems.push(`${most.unread_bytes} bytes waited for one client, more than ${MOST_UNREAD_BYTES}`);
  if (most.due > MOST_DUE) problems.push(`${most.due} things were due at once, more than ${MOST_DUE}`);
  return problems;
}
