import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type Seconds, VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { Feed } from '../../src/daemon/feed.js';
import { loadConfig } from '../../src/io/lsl/config.js';
import { channelsElement, simulatedElement } from '../../src/io/lsl/declaration.js';
import { Outlet } from '../../src/io/lsl/outlet.js';
import { XdfWriter } from '../../src/io/recordings/xdf/xdf-writer.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import type { Pipeline } from '../../src/pipeline/file/pipeline.js';
import { loggedSources, spansOf } from '../../src/pipeline/run/match-streams.js';
import { openSession } from '../../src/pipeline/run/open-session.js';
import { outputMessage } from '../../src/pipeline/run/output-messages.js';
import { replay } from '../../src/pipeline/run/replay.js';
import { feedMessages } from '../cli/feed-recording.js';
import { passTill, passUntil } from '../cli/lock-step.js';
import { type EdfSignal, edfBytes } from '../io/recordings/edf-bytes.js';
import { messagesOf, type Track } from './door-session.js';

/** What a session gave that came through a door. */
export interface Heard {
  /** Features and quality, in order. */
  readonly lines: readonly Line[];
  /** Gaps and rates, by the session's time: `gap-found EEG 10.1`. */
  readonly events: readonly string[];
}

export type Line = Extract<OutputMessage, { readonly stream: 'features' | 'quality' }>;

export interface DoorOptions {
  readonly pipeline: Pipeline;
  /** Where files go. */
  readonly folder: string;
}

/** Each has stamps that begin elsewhere. */
const XDF_BASE: Seconds = 4321.5;
const SOCKET_BASE: Seconds = 77.25;

let files = 0;
const fileIn = (folder: string, extension: string): string => join(folder, `${++files}.${extension}`);

type Told = readonly [code: string, stream: string, time: Seconds];

/** Collects what a session gives, as it comes. */
class Ear {
  readonly #lines: Line[] = [];
  readonly #events: SessionEvent[] = [];

  readonly tell = (event: SessionEvent): void => void this.#events.push(event);

  take(message: OutputMessage | null): void {
    if (message?.stream === 'features' || message?.stream === 'quality') this.#lines.push(message);
  }

  /** `base`: what a recording's rates are told from, where all else is from the session's zero. */
  heard(base: Seconds = 0): Heard {
    const events = this.#events.flatMap(({ code, stream, time, message }): Told[] => {
      if (code === 'gap-found') return [[code, stream!, time!]];
      return code === 'rate-differs' ? [[code, /\((\w+)\)/.exec(message)![1], time! - base]] : [];
    });
    return {
      lines: this.#lines,
      events: events.map(([code, stream, time]) => `${code} ${stream} ${Number(time.toFixed(6))}`).sort(),
    };
  }
}

async function replayed(
  paths: readonly string[],
  { pipeline }: DoorOptions,
  base: Seconds = 0,
): Promise<Heard> {
  const ear = new Ear();
  const { recording } = await openSession(paths, {
    ...{ pipeline, alignStart: paths.length > 1, events: ear.tell },
  });
  const messages = recording.messages({ chunk: null, clockSync: true, events: ear.tell });
  const results = replay(messages, {
    ...{ session: 'default', loaded: { pipeline, runners: new Map() }, events: ear.tell },
    ...{ features: true, monitor: true },
    ...{ inArrivalOrder: recording.inArrivalOrder ?? false },
    ...{ spans: spansOf(recording.streams), logged: loggedSources(pipeline, recording.bound) },
  });
  for await (const result of results) ear.take(outputMessage('default', result));
  await recording.close();
  return ear.heard(base);
}

function xdf(tracks: readonly Track[], options: DoorOptions): Promise<Heard> {
  const path = fileIn(options.folder, 'xdf');
  const writer = XdfWriter.create(path);
  for (const message of messagesOf(tracks, XDF_BASE))
    if (message.kind === 'open') writer.open(message.info);
    else if (message.kind === 'chunk') writer.write(message.chunk);
  writer.close();
  return replayed([path], options, XDF_BASE);
}

/** One table of all, a row for each sample of each stream. */
function tableOf(tracks: readonly Track[], folder: string): string {
  const names = tracks.map(({ info }) =>
    info.channels.map(({ label, unit }) => `${info.type}.${label}[${unit}]`),
  );
  const lines = tracks.flatMap(({ info, stamps, rows }, t) =>
    stamps.map((time, i) => ({
      time,
      cells: names.flatMap((own, n) => own.map((_, c) => (n === t ? String(rows[i][c]) : ''))).join(','),
      mark: info.simulated ? 'true' : '',
    })),
  );
  lines.sort((a, b) => a.time - b.time);
  const path = fileIn(folder, 'csv');
  const head = ['time', ...names.flat(), 'simulated'].join(',');
  writeFileSync(path, [head, ...lines.map(({ time, cells, mark }) => `${time},${cells},${mark}`)].join('\n'));
  return path;
}

const csv = (tracks: readonly Track[], options: DoorOptions): Promise<Heard> =>
  replayed([tableOf(tracks, options.folder)], options);

/** By what EDF's labels tell a signal's type. */
const prefixes: Readonly<Record<string, string>> = { EEG: 'EEG ', PPG: 'PPG ', EDA: 'EDA ', TEMP: 'Temp ' };

/** EDF+D: records of a second, each with its onset; the eye tracker, for which EDF has no name, in a table beside it. */
function edf(tracks: readonly Track[], options: DoorOptions): Promise<Heard> {
  const sampled = tracks.filter(({ info }) => info.type in prefixes);
  const [{ info, stamps }] = sampled;
  const records = Math.floor(stamps.length / info.sfreq);
  const onsets = Array.from({ length: records }, (_, r) => `+${stamps[r * info.sfreq]}\x14\x14\0`);
  const signals: EdfSignal[] = [
    ...sampled.flatMap(({ info: { type, channels, sfreq }, rows }) =>
      channels.map(
        ({ label, unit }, c): EdfSignal => ({
          ...{ label: `${prefixes[type]}${label}`, unit, physical: [-2000, 2000], digital: [-32000, 32000] },
          records: onsets.map((_, r) => rows.slice(r * sfreq, (r + 1) * sfreq).map((row) => 16 * row[c])),
        }),
      ),
    ),
    {
      ...{ label: 'EDF Annotations', unit: '', physical: [-1, 1], digital: [-32768, 32767] },
      records: onsets.map((onset) => Buffer.from(onset.padEnd(32, '\0'), 'latin1')),
    },
  ];
  const path = fileIn(options.folder, 'edf');
  const recording = `Startdate 01-JAN-2026 X X ${info.simulated ? 'affectd_simulated' : 'cap'}`;
  writeFileSync(path, edfBytes({ signals, recording, reserved: 'EDF+D' }));
  const eyes = tracks.filter(({ info: { type } }) => !(type in prefixes));
  return replayed([path, tableOf(eyes, options.folder)], options);
}

const silent = new Writable({ write: (_chunk, _encoding, done) => done() });

async function live({ pipeline }: DoorOptions, lsl: boolean) {
  const clock = new VirtualClock(5000, 1_700_000_000);
  const ear = new Ear();
  const daemon = await startDaemon(
    { stdout: silent, clock },
    { pipeline, runners: new Map() },
    { host: '127.0.0.1', port: 0, engine: 'auto', logLevel: 'silent', ...(lsl && { lsl }) },
    ear.tell,
  );
  daemon.runtime.outputs$.subscribe((output) => ear.take(output));
  return { clock, daemon, ear };
}

async function webSocket(tracks: readonly Track[], options: DoorOptions): Promise<Heard> {
  const { clock, daemon, ear } = await live(options, false);
  const feed = new Feed({ url: daemon.server.url, session: 'default', client: 'test' });
  await feedMessages(feed, messagesOf(tracks, SOCKET_BASE), clock);
  await daemon.close();
  return ear.heard();
}

async function lsl(tracks: readonly Track[], options: DoorOptions): Promise<Heard> {
  const { clock, daemon, ear } = await live(options, true);
  const network = { clock, config: loadConfig(), events: () => {} };
  const outlets = new Map<string, Outlet>();
  for (const { info } of tracks)
    outlets.set(
      info.id,
      await Outlet.create(network, {
        ...{ name: info.name, type: info.type, channelCount: info.channels.length },
        ...{ nominalRate_hz: info.sfreq, sourceId: info.sourceId },
        description: [channelsElement(info.channels), ...(info.simulated ? [simulatedElement] : [])],
      }),
    );
  await passTill(clock, () => [...outlets.values()].every((outlet) => outlet.consumers > 0));
  const base = Math.ceil(clock.now());
  await passUntil(clock, base);
  for (const message of messagesOf(tracks, base)) {
    if (message.kind !== 'chunk') continue;
    const { info, times, data } = message.chunk;
    const [n, width] = [times.length, info.channels.length];
    await passUntil(clock, times[n - 1]);
    const values = Float32Array.from(data, (_, i) => data[(i % width) * n + Math.floor(i / width)]);
    outlets.get(info.id)!.push(values, times);
  }
  // Nobody says over LSL that a stream has ended: what silence closes must not be missing.
  await passUntil(clock, clock.now() + 5);
  await daemon.close();
  await Promise.all([...outlets.values()].map((outlet) => outlet.close()));
  return ear.heard();
}

/** What a session gives that comes through each of them. */
export const doors = { XDF: xdf, CSV: csv, EDF: edf, WebSocket: webSocket, LSL: lsl } as const;
