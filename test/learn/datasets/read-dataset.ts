import type { StreamInfo } from '../../../src/core/signal.js';
import { channelOf } from '../../../src/core/signal.js';
import type { Dataset, DatasetRecording } from '../../../src/learn/datasets/dataset.js';
import { datasetDefinitions } from '../../../src/learn/datasets/definitions.js';

export type SignalRecording = Extract<DatasetRecording, { kind: 'signals' }>;
export type FeatureRecording = Extract<DatasetRecording, { kind: 'features' }>;

/** Opens a data set as a configuration would. */
export async function openDataset(kind: string, settings: object, directory = '/'): Promise<Dataset> {
  const definition = datasetDefinitions.get(kind)!;
  return definition.open(definition.settings.parse(settings), directory);
}

export async function recordingsOf(dataset: Dataset, person: string): Promise<DatasetRecording[]> {
  const found: DatasetRecording[] = [];
  for await (const recording of dataset.recordings(person)) found.push(recording);
  return found;
}

export async function signalsOf(dataset: Dataset, person: string): Promise<SignalRecording[]> {
  const found = await recordingsOf(dataset, person);
  return found.map((recording) => {
    if (recording.kind !== 'signals') throw new Error('not signals');
    return recording;
  });
}

export async function featuresOf(dataset: Dataset, person: string): Promise<FeatureRecording[]> {
  const found = await recordingsOf(dataset, person);
  return found.map((recording) => {
    if (recording.kind !== 'features') throw new Error('not features');
    return recording;
  });
}

export interface ReadStream {
  readonly info: StreamInfo;
  readonly times: number[];
  /** Samples of each channel. */
  readonly channels: number[][];
  /** Stamps before which there is a gap. */
  readonly gaps: number[];
}

/** The streams of a recording, whole, by type. Checks that messages come in order. */
export function streamsOf(recording: SignalRecording): ReadonlyMap<string, ReadStream> {
  const streams = new Map<string, ReadStream>();
  let last = Number.NEGATIVE_INFINITY;
  const closed = new Set<string>();
  for (const message of recording.messages) {
    if (message.kind === 'open') {
      const { info } = message;
      streams.set(info.id, { info, times: [], channels: info.channels.map(() => []), gaps: [] });
    } else if (message.kind === 'close') closed.add(message.id);
    else if (message.kind === 'chunk') {
      const { info, times, gapBefore } = message.chunk;
      if (times[0] < last) throw new Error('messages out of order');
      last = times[0];
      const stream = streams.get(info.id)!;
      if (gapBefore) stream.gaps.push(times[0]);
      stream.times.push(...times);
      for (const [c, channel] of stream.channels.entries()) channel.push(...channelOf(message.chunk, c));
    }
  }
  if (closed.size !== streams.size) throw new Error('streams that were not closed');
  return new Map([...streams.values()].map((stream) => [stream.info.type, stream]));
}

/** Row `w` of a modality's features. */
export function rowOf({ windows }: FeatureRecording, modality: string, w: number): number[] {
  const { features, values } = windows.modalities.get(modality)!;
  return [...values.subarray(w * features.length, (w + 1) * features.length)];
}
