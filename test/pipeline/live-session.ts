import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Subject } from 'rxjs';
import { type Seconds, VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import type { ModelRunner } from '../../src/core/model.js';
import type { Chunk } from '../../src/core/signal.js';
import { openRecording } from '../../src/io/recordings/open.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import { DoorStream, type StampOrigin } from '../../src/io/sources/door/door-stream.js';
import { SharedSessions } from '../../src/io/sources/door/shared-sessions.js';
import type { SessionMessage } from '../../src/io/sources/source.js';
import { loggedSources } from '../../src/pipeline/run/match-streams.js';
import { outputMessage } from '../../src/pipeline/run/output-messages.js';
import { replay } from '../../src/pipeline/run/replay.js';
import type { LoadedPipeline } from '../../src/pipeline/run/run-session.js';
import { PipelineRuntime } from '../../src/pipeline/run/runtime.js';
import { SessionRecorder } from '../../src/recorder/session-recorder.js';
import { canonicalStreams } from '../../src/signal/dialects/canonical-stream.js';
import { StallWatch } from '../../src/signal/timebase/stall-watch.js';
import { pipelineOf } from './live-and-replay.js';

export const START_S: Seconds = 5000;

/** Vectors of a node, by window end. */
export type Rows = readonly { readonly time: Seconds | null; readonly values: readonly (number | null)[] }[];

export interface DeviceOptions {
  readonly name: string;
  readonly type: string;
  /** Declared, Hz. */
  readonly sfreq: number;
  readonly origin?: StampOrigin;
  readonly sourceId?: string;
  /** Number of its first sample, by which values go. Default 0. */
  readonly first?: number;
  /** Of the rhythm in an EEG's samples, rad a sample. Default 0.7. */
  readonly step_rad?: number;
}

export interface LiveDevice {
  readonly door: DoorStream;
  readonly send: (stamps: readonly number[]) => void;
  readonly close: (how: 'closed' | 'cut') => void;
}

export const ON_SESSION: StampOrigin = { kind: 'session', clock: 'session' };

/** What a replay tells. */
export interface Replayed {
  readonly rows: (node: string) => Rows;
  readonly lines: (node: string) => readonly OutputMessage[];
  /** Session time and text. */
  readonly markers: readonly Told[];
}
type Told = readonly [time: Seconds, text: string];

/** A sample's place in the session, and whether it was masked. */
interface Stamp {
  readonly time: Seconds;
  readonly isMissing: boolean;
}

/** A live session in virtual time, from its doors to what it tells, recorded to a folder of its own. */
export class LiveSession {
  readonly clock = new VirtualClock(START_S, 1_700_000_000);
  readonly events: SessionEvent[] = [];
  readonly #stall = new StallWatch(this.clock, (age_s) =>
    this.events.push({ code: 'daemon-behind', level: 'warn', message: 'it slept', details: { age_s } }),
  );
  readonly #loaded: LoadedPipeline;
  readonly #outputs: OutputMessage[] = [];
  readonly #taken = new Subject<SessionMessage>();
  readonly #shared = new SharedSessions();
  readonly #recorder: SessionRecorder;
  readonly #doors = new Set<DoorStream>();
  readonly #devices = new Map<string, LiveDevice>();
  readonly #markers: Told[] = [];
  readonly #stamps = new Map<string, Stamp[]>();

  constructor(
    text: string,
    readonly folder: string,
    runners: ReadonlyMap<string, ModelRunner> = new Map(),
  ) {
    mkdirSync(folder, { recursive: true });
    const { clock } = this;
    const events = (event: SessionEvent): void => void this.events.push(event);
    this.#loaded = { pipeline: pipelineOf(text), runners };
    this.#recorder = new SessionRecorder(folder, { clock, events });
    const runtime = new PipelineRuntime({
      ...{ loaded: this.#loaded, clock, events, sessions: this.#shared, stall: this.#stall },
      log: (taken) => {
        const { message } = taken;
        if (message.kind === 'chunk') this.#noteStamps(message.chunk);
        if (message.kind === 'marker') this.#markers.push([message.marker.time, message.marker.value]);
        this.#recorder.take(taken);
      },
    });
    runtime.outputs$.subscribe((output) => this.#outputs.push(output));
    runtime.ended$.subscribe((session) => this.#recorder.ended(session));
    runtime.consume({ messages$: this.#taken });
  }

  /** Connects a device of two channels; what is sent of it has values that tell the sample's place. */
  device(options: DeviceOptions): LiveDevice {
    const { name, type, sfreq, origin = ON_SESSION, sourceId = '', step_rad = 0.7, first = 0 } = options;
    const shared = this.#shared.of('s');
    const unit = type === 'EEG' ? 'uV' : 'px';
    const labels = type === 'Gaze' ? ['left_x', 'left_y'] : ['Fz', 'Cz'];
    const declared = (id: string) =>
      canonicalStreams({
        id,
        name,
        type,
        sfreq,
        sourceId,
        channels: labels.map((label) => ({ label, unit, type })),
      });
    const id = shared.take(
      name,
      declared(name).map(({ info }) => info.id),
    );
    const door = new DoorStream({
      ...{ clock: this.clock, shared, session: 's', parts: declared(id), stall: this.#stall },
      isBehind: () => this.#stall.isBehind,
      originOf: () => origin,
      emit: (message) => this.#taken.next({ session: 's', message }),
      events: (event) => this.events.push(event),
    });
    this.#doors.add(door);
    let sent = first;
    const device = {
      door,
      send: (stamps: readonly number[]): void => {
        const values = Float64Array.from({ length: 2 * stamps.length }, (_, i) =>
          type === 'Gaze'
            ? 500 + 40 * Math.sin((sent + (i >> 1)) / 7 + (i & 1))
            : 20 * Math.sin((sent + (i >> 1)) * step_rad + (i & 1)),
        );
        sent += stamps.length;
        door.take(stamps, { values, text: null }, false);
      },
      close: (how: 'closed' | 'cut'): void => {
        door.close(how);
        this.#doors.delete(door);
        this.#shared.release(
          's',
          door.infos.map((info) => info.id),
        );
      },
    };
    this.#devices.set(name, device);
    return device;
  }

  /** The device of this name that was connected last. */
  lastDevice(name: string): LiveDevice {
    return this.#devices.get(name)!;
  }

  /** Connects a sender of markers. */
  markers(origin: StampOrigin) {
    const shared = this.#shared.of('s');
    const declared = { id: 'cues', name: 'cues', type: 'Markers', sfreq: 0, sourceId: '', text: true };
    shared.take('cues', ['cues']);
    const door = new DoorStream({
      ...{ clock: this.clock, shared, session: 's', stall: this.#stall },
      isBehind: () => this.#stall.isBehind,
      parts: canonicalStreams({ ...declared, channels: [{ label: 'cue', unit: '', type: '' }] }),
      originOf: () => origin,
      emit: (message) => this.#taken.next({ session: 's', message }),
      events: (event) => this.events.push(event),
    });
    this.#doors.add(door);
    return (stamp: Seconds, text: string): void =>
      door.take([stamp], { values: new Float64Array(0), text: [text] }, false);
  }

  #noteStamps({ info: { name, channels }, times, data }: Chunk): void {
    const stamps = this.#stamps.get(name) ?? [];
    this.#stamps.set(name, stamps);
    for (const [i, time] of times.entries())
      stamps.push({ time, isMissing: Number.isNaN(data[i * channels.length]) });
  }

  /** Samples of the device `name` as they went into the session. */
  stamps(name: string): readonly Stamp[] {
    return this.#stamps.get(name) ?? [];
  }

  /** Markers told so far: session time and text. */
  get told(): readonly Told[] {
    return this.#markers;
  }

  codes(): string[] {
    return this.events.map(({ code }) => code);
  }

  rows(node: string): Rows {
    return rowsOf(this.#outputs, node);
  }

  lines(node: string): readonly OutputMessage[] {
    return linesOf(this.#outputs, node);
  }

  /** Ends the session; gives what a replay of its recording tells. */
  async end(): Promise<Replayed> {
    for (const door of this.#doors) door.close('closed');
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    await this.#recorder.close();
    const [file] = readdirSync(this.folder).sort();
    const recording = await openRecording(join(this.folder, file));
    const { pipeline } = this.#loaded;
    const outputs: OutputMessage[] = [];
    const markers: Told[] = [];
    const messages = recording.messages({ chunk: null, clockSync: true, events: () => {} });
    for await (const output of replay(messages, {
      ...{ session: 's', loaded: this.#loaded, events: () => {}, features: true },
      inArrivalOrder: recording.inArrivalOrder,
      logged: loggedSources(pipeline, recording.bound),
    })) {
      if (output.kind === 'marker') markers.push([output.marker.time, output.marker.value]);
      const message = outputMessage('s', output);
      if (message) outputs.push(message);
    }
    await recording.close();
    return { rows: (node) => rowsOf(outputs, node), lines: (node) => linesOf(outputs, node), markers };
  }
}

const linesOf = (outputs: readonly OutputMessage[], node: string): readonly OutputMessage[] =>
  outputs.filter((output) => 'node' in output && output.node === node);

function rowsOf(outputs: readonly OutputMessage[], node: string): Rows {
  return outputs.flatMap((output) =>
    output.stream === 'features' && output.node === node
      ? [{ time: output.time, values: output.values }]
      : [],
  );
}

/** Whether a row holds a value. */
export const isPresent = ({ values }: Rows[number]): boolean => values.some((value) => value !== null);
