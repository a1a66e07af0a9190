import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Seconds } from '../../../core/clock.js';
import { InputError } from '../../../core/errors.js';
import type { StreamInfo, StreamMessage } from '../../../core/signal.js';
import { type CanonicalStream, canonicalStream } from '../../../signal/dialects/canonical-stream.js';
import { onGrid } from '../../../signal/timebase/session-time.js';
import { ChunkBuilder } from '../chunk-builder.js';
import { GapFinder } from '../gap-finder.js';
import { type DataMessage, mergeStreams } from '../merge.js';
import { estimateRate } from '../rate-estimate.js';
import type { ReadOptions, RecordedStream, Recording, RecordingFormat } from '../recording.js';
import { StreamSurvey } from '../stream-survey.js';
import { type DeviceEventKind, deviceEventText } from '../tables/device-event.js';
import { markerStream } from '../tables/table-recording.js';
import { NeonRecords, seconds } from './neon-records.js';

/**
 * A recording of a Pupil Labs Neon as its app stores it: a folder with `gaze ps1.raw`, its `.time` in ns since 1970, and
 * `.dtype` files that tell the layout (https://docs.pupil-labs.com/neon/data-collection/data-streams/). Gaze, in pixels
 * of the scene camera, and pupils make one stream; head motion, events, fixations, saccades and blinks have their own.
 */
export const pupilNeon: RecordingFormat = {
  name: 'Pupil Labs Neon',
  recognise: (path, head) => (!head && readdirSync(path).some((name) => gazeFile.test(name)) ? 2 : 0),
  async open(path) {
    const opened: NeonRecords[] = [];
    try {
      return new NeonRecording(path, (name) => {
        const records = NeonRecords.open(path, name);
        if (records) opened.push(records);
        return records;
      });
    } catch (error) {
      for (const records of opened) records.close();
      throw error;
    }
  },
};

const gazeFile = /^(gaze|eye_state) ps\d+\.raw$/;
/** Intervals from which a rate is estimated. */
const RATE_SAMPLES = 50_000;

interface Channel {
  readonly label: string;
  readonly unit: string;
  readonly type: string;
  readonly records: NeonRecords;
  readonly field: string;
}

interface SampledStream {
  readonly canonical: CanonicalStream;
  readonly channels: readonly Channel[];
  /** Whose stamps are the stream's. */
  readonly clock: NeonRecords;
  /** Whether the glasses were worn; null where nothing tells. */
  readonly worn: NeonRecords | null;
}

interface Text {
  readonly time: Seconds;
  readonly value: string;
}

interface TextStream {
  readonly info: StreamInfo;
  readonly texts: readonly Text[];
}

/** `event_type` of a record (https://docs.pupil-labs.com/neon/real-time-api/). */
const eventKinds: Readonly<Record<number, DeviceEventKind>> = { 0: 'saccade', 1: 'fixation', 4: 'blink' };

class NeonRecording implements Recording {
  readonly format = 'Pupil Labs Neon';
  readonly stem: string;
  readonly streams: readonly RecordedStream[];
  readonly zero_unix_s = 0;
  readonly problems: string[] = [];
  readonly #opened: NeonRecords[] = [];
  readonly #sampled: readonly SampledStream[];
  readonly #texts: readonly TextStream[];

  constructor(
    readonly path: string,
    open: (name: string) => NeonRecords | null,
  ) {
    this.stem = basename(resolve(path));
    const records = (name: string) => {
      const found = open(name);
      if (found) this.#opened.push(found);
      return found;
    };
    this.#sampled = [
      ...this.#eyeStream(records('gaze'), records('eye_state'), records('worn')),
      ...this.#motionStreams(records('imu')),
    ];
    this.#texts = [
      this.#eventTexts([records('fixations'), records('blinks')]),
      { info: markerStream(`${this.stem}/markers`, this.#name, 'event'), texts: this.#namedEvents() },
    ].filter(({ texts }) => texts.length > 0);
    for (const one of this.#opened) this.problems.push(...one.problems);
    this.streams = [...this.#sampled.map((stream) => this.#survey(stream)), ...this.#texts.map(surveyTexts)];
    if (!this.streams.some(({ samples }) => samples > 0))
      throw new InputError(
        'recording-empty',
        `${path}: no readable sample in it; copy it from the device again`,
      );
  }

  async *messages(options: ReadOptions): AsyncGenerator<StreamMessage> {
    for (const { canonical } of this.#sampled) canonical.notes.forEach(options.events);
    yield* mergeStreams(
      this.streams.map(({ info }) => info),
      [...this.#sampled.map((stream) => chunksOf(stream, options.chunk)), ...this.#texts.map(messagesOf)],
    );
  }

  async close(): Promise<void> {
    for (const records of this.#opened) records.close();
  }

  get #name(): string {
    return 'Neon';
  }

  #eyeStream(
    gaze: NeonRecords | null,
    eyeState: NeonRecords | null,
    worn: NeonRecords | null,
  ): SampledStream[] {
    const clock = gaze ?? eyeState;
    if (!clock) return [];
    const of = (
      records: NeonRecords | null,
      type: string,
      unit: string,
      fields: readonly (readonly [string, string])[],
    ) =>
      fields.flatMap(([field, label]): Channel[] =>
        records?.has(field) ? [{ label, unit, type, records, field }] : [],
      );
    const channels = [
      ...of(gaze, 'gaze', 'px', [
        ['x', 'x'],
        ['y', 'y'],
      ]),
      ...of(eyeState, 'pupil', 'mm', [
        ['pupil_diameter_left_mm', 'left_pupil'],
        ['pupil_diameter_right_mm', 'right_pupil'],
      ]),
      ...of(eyeState, 'eyelid', 'mm', [
        ['eyelid_aperture_left_mm', 'left_eyelid_aperture'],
        ['eyelid_aperture_right_mm', 'right_eyelid_aperture'],
      ]),
    ];
    return [this.#declare('gaze', 'Gaze', clock, channels, worn)];
  }

  #motionStreams(imu: NeonRecords | null): SampledStream[] {
    if (!imu) return [];
    const axes = (name: string, unit: string) =>
      ['x', 'y', 'z'].map(
        (axis): Channel => ({ label: axis, unit, type: '', records: imu, field: `${name}_${axis}` }),
      );
    return [
      this.#declare('acc', 'ACC', imu, axes('accel', 'g'), null),
      this.#declare('gyro', 'GYRO', imu, axes('gyro', 'deg/s'), null),
    ].filter(({ channels }) => channels.every(({ field }) => imu.has(field)));
  }

  #declare(
    id: string,
    type: string,
    clock: NeonRecords,
    channels: readonly Channel[],
    worn: NeonRecords | null,
  ): SampledStream {
    const stamps: Seconds[] = [];
    for (const [part, { count }] of clock.parts.entries())
      for (let i = 0; i < count && stamps.length < RATE_SAMPLES; i++) stamps.push(clock.stamp(part, i));
    const canonical = canonicalStream({
      id: `${this.stem}/${id}`,
      name: this.#name,
      type,
      sourceId: '',
      sfreq: estimateRate(stamps),
      channels,
    });
    return { canonical, channels, clock, worn };
  }

  #survey(stream: SampledStream): RecordedStream {
    const survey = new StreamSurvey();
    let backwards = 0;
    for (const { time, isGap, isBackwards } of samplesOf(stream)) {
      if (isBackwards) backwards++;
      else survey.add(time, isGap ? 'gap' : 'none');
    }
    if (backwards > 0)
      this.problems.push(
        `${stream.canonical.info.id}: ${backwards} samples whose time runs backwards; left out`,
      );
    return survey.result(stream.canonical.info);
  }

  /** What the device found itself, each at its end, when it could know it. */
  #eventTexts(sources: readonly (NeonRecords | null)[]): TextStream {
    const texts: Text[] = [];
    for (const records of sources)
      for (const [part, { count }] of records?.parts.entries() ?? [])
        for (let i = 0; i < count; i++) {
          const kind = eventKinds[records!.value(part, i, 'event_type')];
          const [onset, end] = ['start', 'end'].map((edge) =>
            records!.value(part, i, `${edge}_timestamp_ns`),
          );
          if (kind && end >= onset) texts.push({ time: end, value: deviceEventText(kind, onset, end) });
        }
    texts.sort((a, b) => a.time - b.time);
    return { info: markerStream(`${this.stem}/events`, this.#name, 'event'), texts };
  }

  /** The events of `event.txt` and the stamps of `event.time`. */
  #namedEvents(): Text[] {
    const [names, times] = ['event.txt', 'event.time'].map((name) => join(this.path, name));
    if (!existsSync(names) || !existsSync(times)) return [];
    const lines = readFileSync(names, 'utf8')
      .split(/\r?\n/)
      .filter((line) => line !== '');
    const stamps = readFileSync(times);
    const texts = lines.flatMap((value, i) =>
      8 * (i + 1) <= stamps.length ? [{ time: seconds(stamps.readBigInt64LE(8 * i)), value }] : [],
    );
    if (texts.length < lines.length)
      this.problems.push(`event.time: ${lines.length - texts.length} events have no stamp; left out`);
    return texts.sort((a, b) => a.time - b.time);
  }
}

interface Sample {
  readonly part: number;
  readonly index: number;
  /** As recorded, and on the session's grid. */
  readonly stamp: Seconds;
  readonly time: Seconds;
  readonly isGap: boolean;
  readonly isBackwards: boolean;
}

function* samplesOf({ clock, canonical }: SampledStream): Generator<Sample> {
  const breaks = new GapFinder(canonical.info.sfreq);
  let last = Number.NEGATIVE_INFINITY;
  for (const [part, { count }] of clock.parts.entries())
    for (let index = 0; index < count; index++) {
      const stamp = clock.stamp(part, index);
      const time = onGrid(stamp);
      const isBackwards = time < last;
      const isGap = !isBackwards && breaks.isGap(time);
      yield { part, index, stamp, time, isGap, isBackwards };
      if (!isBackwards) last = time;
    }
}

function* chunksOf(stream: SampledStream, chunk: number | null): Generator<DataMessage> {
  const { canonical, channels, worn } = stream;
  const { keep, scale, offset, info } = canonical;
  const builder = new ChunkBuilder(info, chunk);
  const chosen = [...keep].map((index) => channels[index]);
  const others = new Map(chosen.map(({ records }) => [records, new StampFinder(records)]));
  for (const { part, index, stamp, time, isGap, isBackwards } of samplesOf(stream)) {
    if (isBackwards) continue;
    const done = builder.begin(time, isGap);
    if (done) yield { kind: 'chunk', chunk: done };
    const isWorn = !worn || index >= (worn.parts[part]?.count ?? 0) || worn.value(part, index, 'worn') > 0;
    for (const [c, { records, field }] of chosen.entries()) {
      const at = records === stream.clock ? index : others.get(records)!.indexAt(part, stamp);
      const value = at === null || !isWorn ? Number.NaN : records.value(part, at, field);
      builder.set(c, value * scale[c] + offset[c]);
    }
  }
  const rest = builder.end();
  if (rest) yield { kind: 'chunk', chunk: rest };
}

/** Finds the record of another sensor at the same stamp, for stamps that rise. */
class StampFinder {
  #part = 0;
  #next = 0;

  constructor(private readonly records: NeonRecords) {}

  indexAt(part: number, time: Seconds): number | null {
    if (part !== this.#part) {
      this.#part = part;
      this.#next = 0;
    }
    const count = this.records.parts[part]?.count ?? 0;
    while (this.#next < count && this.records.stamp(part, this.#next) < time) this.#next++;
    return this.#next < count && this.records.stamp(part, this.#next) === time ? this.#next : null;
  }
}

function surveyTexts({ info, texts }: TextStream): RecordedStream {
  const survey = new StreamSurvey();
  for (const { time } of texts) survey.add(time);
  return survey.result(info);
}

function* messagesOf({ info, texts }: TextStream): Generator<DataMessage> {
  for (const { time, value } of texts) yield { kind: 'marker', marker: { stream: info.id, time, value } };
}
