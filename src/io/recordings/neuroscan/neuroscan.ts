import { InputError } from '../../../core/errors.js';
import type { StreamInfo, StreamMessage } from '../../../core/signal.js';
import {
  type CanonicalStream,
  canonicalChunk,
  canonicalStreams,
} from '../../../signal/dialects/canonical-stream.js';
import { onGrid } from '../../../signal/timebase/session-time.js';
import { stemOf } from '../files/stem.js';
import { chunkLength, type DataMessage, mergeStreams } from '../merge.js';
import type { ReadOptions, RecordedStream, Recording, RecordingFormat } from '../recording.js';
import { StreamSurvey } from '../stream-survey.js';
import { isNeuroscanHeader, NeuroscanFile } from './neuroscan-file.js';

/** Continuous recordings of Neuroscan's Scan 4 (.cnt); its epochs (.eeg) and averages (.avg) begin alike and are others. */
export const neuroscan: RecordingFormat = {
  name: 'Neuroscan CNT',
  recognise(path, head) {
    if (!head || /\.(eeg|avg)$/i.test(path)) return 0;
    if (isNeuroscanHeader(head)) return 2;
    return /\.cnt$/i.test(path) ? 1 : 0;
  },
  open: async (path) => new NeuroscanRecording(path),
};

class NeuroscanRecording implements Recording {
  readonly format = 'Neuroscan CNT';
  readonly stem: string;
  readonly streams: readonly RecordedStream[];
  readonly zero_unix_s: number | null;
  readonly problems: readonly string[];
  readonly #file: NeuroscanFile;
  readonly #parts: readonly CanonicalStream[];
  readonly #markerInfo: StreamInfo;

  constructor(readonly path: string) {
    this.stem = stemOf(path);
    this.#file = new NeuroscanFile(path);
    const { channels, count, sfreq, events } = this.#file;
    this.problems = this.#file.problems;
    this.zero_unix_s = this.#file.start_unix_s;
    this.#parts = canonicalStreams({
      id: this.stem,
      name: this.stem,
      type: '',
      sourceId: '',
      sfreq,
      channels: channels.map(({ label }) => ({ label, unit: 'uV', type: isEyeLead(label) ? 'EOG' : '' })),
    });
    this.#markerInfo = {
      id: `${this.stem}/events`,
      name: this.stem,
      type: 'Markers',
      sourceId: '',
      sfreq: 0,
      channels: [{ label: 'event', unit: '', type: 'Markers' }],
    };
    if (count === 0) {
      this.#file.close();
      throw new InputError('recording-empty', `${path}: no readable sample in it; record again`);
    }
    const sampled = this.#parts.map(({ info }) => {
      const survey = new StreamSurvey();
      survey.addStretch(0, (count - 1) / sfreq, count, 'none');
      return survey.result(info);
    });
    const survey = new StreamSurvey();
    for (const { sample } of events) survey.add(sample / sfreq);
    this.streams = events.length > 0 ? [...sampled, survey.result(this.#markerInfo)] : sampled;
  }

  async *messages(options: ReadOptions): AsyncGenerator<StreamMessage> {
    for (const { notes } of this.#parts) notes.forEach(options.events);
    yield* mergeStreams(
      this.streams.map(({ info }) => info),
      [neuroscanChunks(this.#file, this.#parts, options.chunk), this.#markers()],
    );
  }

  async close(): Promise<void> {
    this.#file.close();
  }

  *#markers(): Generator<DataMessage> {
    const { events, sfreq } = this.#file;
    for (const { sample, value } of events)
      yield { kind: 'marker', marker: { stream: this.#markerInfo.id, time: onGrid(sample / sfreq), value } };
  }
}

/** All samples of a file as chunks of `parts`, which hold the same moments. */
export function* neuroscanChunks(
  file: NeuroscanFile,
  parts: readonly CanonicalStream[],
  asked: number | null,
): Generator<DataMessage> {
  const length = Math.min(...parts.map(({ info }) => chunkLength(info, asked)));
  const next = file.read();
  for (let at = 0; at < file.count; at += length) {
    const n = Math.min(length, file.count - at);
    const times = Float64Array.from({ length: n }, (_, i) => onGrid((at + i) / file.sfreq));
    const raw = next(n);
    for (const part of parts)
      yield { kind: 'chunk', chunk: canonicalChunk(part, raw, 'channels', times, false) };
  }
}

/** Neuroscan's caps call these VEO, HEO, VEOG, HEOG, VEOL, HEOR ... */
function isEyeLead(label: string): boolean {
  return /^[VH]EO[GLRUD]?$/i.test(label);
}
