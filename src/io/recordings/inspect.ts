import type { SessionEvent } from '../../core/event.js';
import { type ChannelQuality, QualityMeter } from './channel-quality.js';
import type { RecordedStream, Recording } from './recording.js';

export interface InspectedStream extends RecordedStream {
  /** One a channel; empty for markers. */
  readonly quality: readonly ChannelQuality[];
}

/** What `inspect` tells of a recording. Its JSON is the contract of `inspect --json`; the text tells more. */
class InspectReport {
  constructor(
    readonly path: string,
    readonly format: string,
    readonly zero_unix_s: number | null,
    readonly streams: readonly InspectedStream[],
    readonly problems: readonly string[],
    /** How labels were understood; empty where they came as they are used. */
    readonly montage: readonly string[] = [],
  ) {}

  toJSON() {
    return {
      streams: this.streams.map(({ info, measured_sfreq, samples, first, last, gaps }) => ({
        name: info.name,
        type: info.type,
        channels: info.channels.map(({ label, unit }) => ({ label, unit })),
        sfreq: info.sfreq,
        measured_sfreq,
        samples,
        first,
        last,
        gaps,
        ...(info.simulated && { simulated: info.simulated }),
      })),
      problems: this.problems,
      ...(this.montage.length > 0 && { montage: this.montage }),
    };
  }
}

/** Reads a recording once and reports its streams, their quality and what was wrong with the file. */
export async function inspectRecording(recording: Recording): Promise<InspectReport> {
  const meters = new Map(
    recording.streams.map(({ info }) => [info.id, new QualityMeter(info.channels.length, info.sfreq)]),
  );
  const notes = new Notes();
  const montage: string[] = [];
  const messages = recording.messages({
    chunk: null,
    clockSync: true,
    events: (event) => {
      if (event.code === 'channels-mapped') montage.push(event.message);
      else notes.add(event);
    },
  });
  for await (const message of messages)
    if (message.kind === 'chunk') meters.get(message.chunk.info.id)?.add(message.chunk);
  const streams = recording.streams.map((stream) => ({
    ...stream,
    quality: stream.info.type === 'Markers' ? [] : meters.get(stream.info.id)!.result(),
  }));
  return new InspectReport(
    recording.path,
    recording.format,
    recording.zero_unix_s,
    streams,
    [
      ...recording.problems,
      ...recording.streams
        .filter(({ samples }) => samples === 0)
        .map(({ info }) => `stream '${info.name}' (${info.type}) is dead: it has no samples`),
      ...notes.lines(),
    ],
    montage,
  );
}

/** Events as lines, one for those of a kind and a stream: the first, when it was, and how many there were. */
class Notes {
  readonly #kinds = new Map<string, { readonly first: SessionEvent; count: number }>();

  add(event: SessionEvent): void {
    // What belongs to no time is said of different things.
    const key = JSON.stringify([event.code, event.stream, event.time === undefined ? event.message : null]);
    const kind = this.#kinds.get(key);
    if (kind) kind.count += event.count ?? 1;
    else this.#kinds.set(key, { first: event, count: event.count ?? 1 });
  }

  lines(): string[] {
    return [...this.#kinds.values()].map(({ first: { message, time }, count }) => {
      if (time === undefined) return message;
      return `${message} (${count > 1 ? `${count} times, first ` : ''}at ${round(time)} s)`;
    });
  }
}

/** The report as text for people. */
export function formatInspection(report: InspectReport): string {
  const first = Math.min(...report.streams.map((stream) => stream.first ?? Number.POSITIVE_INFINITY));
  const begun = new Date(((report.zero_unix_s ?? Number.NaN) + first) * 1000);
  // A damaged file's time may lie beyond all dates.
  const start = Number.isNaN(begun.getTime()) ? '' : `, starts ${begun.toISOString()}`;
  const lines = [`${report.path} (${report.format}${start})`, ''];
  for (const stream of report.streams) lines.push(...describeStream(stream), '');
  if (report.montage.length > 0) lines.push('labels:', ...report.montage.map((line) => `  ${line}`), '');
  lines.push(report.problems.length > 0 ? 'problems:' : 'no problems found');
  for (const problem of report.problems) lines.push(`  ${problem}`);
  return `${lines.join('\n')}\n`;
}

function describeStream(stream: InspectedStream): string[] {
  const { info, measured_sfreq, samples, first, last, gaps, clock_resets } = stream;
  const nominal = info.sfreq > 0 ? `${round(info.sfreq)} Hz` : 'irregular';
  const measured = measured_sfreq === null ? '' : ` (measured ${round(measured_sfreq)} Hz)`;
  const span =
    first === null || last === null
      ? 'no samples: the stream is dead'
      : `${samples} samples, ${round(first)} to ${round(last)} s`;
  const lines = [
    `${info.name || '(no name)'}  ${info.type}  ${nominal}${measured}${info.simulated ? '  SIMULATED' : ''}`,
    `  ${span}`,
  ];
  for (const { from, to } of gaps)
    lines.push(`  gap ${round(from)} to ${round(to)} s (${round(to - from)} s)`);
  for (const time of clock_resets) lines.push(`  clock reset at ${round(time)} s`);
  const labels = info.channels.map(({ label }, c) => label || `#${c + 1}`);
  const width = Math.max(...labels.map((label) => label.length), 0);
  for (const [c, channel] of info.channels.entries()) {
    const quality = stream.quality[c];
    const faults = quality && samples > 0 ? describeQuality(quality) : '';
    lines.push(`  ${labels[c].padEnd(width)}  ${(channel.unit || '-').padEnd(6)} ${faults}`.trimEnd());
  }
  return lines;
}

function describeQuality({ missing, flat, railed }: ChannelQuality): string {
  const parts = Object.entries({ missing, flat, railed }).filter(([, share]) => share > 0);
  if (parts.length === 0) return 'good';
  return parts.map(([name, share]) => `${name} ${(100 * share).toFixed(share < 0.001 ? 3 : 1)} %`).join(', ');
}

function round(value: number): string {
  return String(Number(value.toFixed(3)));
}
