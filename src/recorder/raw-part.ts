import type { Seconds } from '../core/clock.js';
import type { PartEnd } from '../io/recordings/xdf/session-log.js';
import type { RecordedContent } from './parted-recording.js';
import { type RawEntry, type RawKnown, type RawSamples, RawState, rawBytesOf } from './raw-entry.js';
import { RecordingPart } from './recording-part.js';

/** One file of a recording of streams by themselves, with stamps as their senders give them. */
export class RawPart extends RecordingPart<RawEntry, RawState> {
  /** Keys of the streams that the part describes. */
  readonly #described = new Set<string>();

  restate(_state: RawState, after: PartEnd | null, t: Seconds): void {
    if (after === null) return;
    this.writer.writeLog(t, { k: 'part', t, part: this.number, after, restates: 0 });
    this.restated = this.file.size;
  }

  write(entry: RawEntry, state: RawState): void {
    const { key } = entry;
    const before = state.streams.get(key);
    state.take(entry);
    const known = before ?? state.streams.get(key);
    if (!known || entry.kind === 'missed') return;
    this.#describe(key, known);
    if (entry.kind === 'offset') this.writer.writeClockOffset(key, entry.time, entry.offset);
    else if (entry.kind === 'samples') this.#writeSamples(key, entry.samples, known.isMissing);
  }

  writeKept(): void {}

  close(): void {
    this.writer.close();
  }

  /** Where the stream goes on from another part, what that said of its clock holds. */
  #describe(key: string, { stream, last, offset }: RawKnown): void {
    if (this.#described.has(key)) return;
    this.#described.add(key);
    if (stream.kind === 'sender') this.writer.openSender({ ...stream.stream, id: key });
    else this.writer.open({ ...stream.info, id: key }, { ...stream.mapped, after: last });
    if (offset) this.writer.writeClockOffset(key, offset.time, offset.offset);
  }

  #writeSamples(key: string, samples: RawSamples, isMissing: boolean): void {
    if (samples.kind === 'sender') this.writer.writeSender(key, samples.times, samples.values);
    else if (samples.kind === 'marker') this.writer.writeMarker({ ...samples.marker, stream: key });
    else {
      const { chunk } = samples;
      const gapBefore = chunk.gapBefore || isMissing;
      this.writer.write({ ...chunk, gapBefore, info: { ...chunk.info, id: key } });
    }
  }
}

/** Streams by themselves, none of which is a session. */
export const rawContent: RecordedContent<RawEntry, RawState, RawPart> = {
  begin: new RawState(),
  copy: (state) => new RawState(state),
  apply: (state, entry) => state.take(entry),
  hasSamples: () => true,
  bytesOf: rawBytesOf,
  streamOf: ({ kind, key }) => (kind === 'samples' ? key : null),
  missed: ({ t, key }) => ({ kind: 'missed', t, key }),
  isSpare: ({ kind }) => kind === 'offset',
  goesOn: () => false,
  part: (options) => new RawPart(options),
};
