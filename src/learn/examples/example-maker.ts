import { ConfigurationError } from '../../core/errors.js';
import type { ModalityInput, ModelFrame } from '../../core/model.js';
import type { StreamMessage } from '../../core/signal.js';
import { loadPipeline } from '../../pipeline/file/load.js';
import type { Pipeline } from '../../pipeline/file/pipeline.js';
import type { Dataset, DatasetRecording } from '../datasets/dataset.js';
import { labelledWindows, type ModelInputs, originOf, type SignalRecording } from './dataset.js';
import { type SessionOutputs, sessionOutputs } from './discover-inputs.js';
import { ExampleFileWriter, type StoredExample } from './example-file.js';
import { onlyModel } from './only-model.js';
import { type DatasetSettings, openDataset } from './open-dataset.js';
import { type SessionPlace, SessionPlaces } from './session-places.js';

/** What a look at a person's recordings told. */
export type PersonSurvey =
  /** Signals: what the pipeline makes of the first recording's beginning. */
  | { readonly kind: 'signals'; readonly outputs: SessionOutputs }
  /** Released features: all examples are in the file by now. */
  | { readonly kind: 'features' };

/** What one thread is asked to do for one person. */
export type MakerTask =
  | { readonly kind: 'survey'; readonly person: string; readonly path: string }
  | { readonly kind: 'make'; readonly person: string; readonly path: string; readonly inputs: ModelInputs };

/** What an {@link ExampleMaker} is made of, in whichever thread. */
export interface MakerSettings {
  readonly dataset: DatasetSettings;
  /** What relative paths are relative to. */
  readonly directory: string;
  readonly pipeline: Pick<Pipeline, 'file' | 'digest'> | null;
  readonly times: ExampleTimes;
}

/** How much of a recording is looked at to see which features a pipeline gives, s. */
const DISCOVERY_S = 12;

/** The messages up to {@link DISCOVERY_S} after the first sample. */
function* beginning(messages: Iterable<StreamMessage>): Iterable<StreamMessage> {
  let end = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    if (message.kind === 'chunk') {
      const { times } = message.chunk;
      if (end === Number.POSITIVE_INFINITY) end = times[0] + DISCOVERY_S;
      if (times[0] > end) return;
    }
    yield message;
  }
}

/** Times of the examples of a recording, s. */
export interface ExampleTimes {
  /** Least time between two windows of a trial. */
  readonly step_s: number;
  /** How much later than the body raters answer. */
  readonly shift_s: number;
}

/** Makes the examples of a data set, one person at a time, into files. */
export class ExampleMaker {
  constructor(
    private readonly dataset: Dataset,
    /** Null where the data set has no signals. */
    private readonly pipeline: Pipeline | null,
    private readonly times: ExampleTimes,
  ) {}

  /** In a thread of its own. Throws where the pipeline's file is no longer what it was. */
  static async open({ dataset, directory, pipeline, times }: MakerSettings): Promise<ExampleMaker> {
    const loaded = pipeline && (await loadPipeline(pipeline.file));
    if (loaded?.digest !== pipeline?.digest)
      throw new ConfigurationError(
        'training-invalid',
        `${pipeline?.file}: it was changed just now; run it again`,
      );
    return new ExampleMaker(await openDataset(dataset, directory), loaded, times);
  }

  async run(task: MakerTask): Promise<PersonSurvey | null> {
    if (task.kind === 'survey') return this.#survey(task.person, task.path);
    await this.#make(task.person, task.inputs, task.path);
    return null;
  }

  /** Looks at a person's recordings; of released features, which must be read to be known, it keeps all in `path`. */
  async #survey(person: string, path: string): Promise<PersonSurvey> {
    const { dataset } = this;
    let outputs: SessionOutputs | null = null;
    const places = new SessionPlaces();
    await written(path, async (writer, examples) => {
      for await (const recording of dataset.recordings(person))
        if (recording.kind === 'features')
          examples.push(
            ...places.place(recording, (place) => featureExamples(writer, recording, dataset.name, place)),
          );
        else if (recording.kind === 'signals') {
          outputs = sessionOutputs(this.#neededPipeline(), beginning(recording.messages));
          return false;
        }
      return true;
    });
    return outputs ? { kind: 'signals', outputs } : { kind: 'features' };
  }

  /** Makes the examples of a person whose recordings are signals. */
  async #make(person: string, inputs: ModelInputs, path: string): Promise<void> {
    const places = new SessionPlaces();
    const { name } = this.dataset;
    await written(path, async (writer, examples) => {
      for await (const recording of this.dataset.recordings(person)) {
        if (recording.kind === 'images') continue;
        const made = places.place(recording, (place) =>
          recording.kind === 'signals'
            ? this.#signalExamples(writer, recording, inputs, place)
            : featureExamples(writer, recording, name, place),
        );
        examples.push(...made);
      }
      return true;
    });
  }

  #neededPipeline(): Pipeline {
    if (this.pipeline) return this.pipeline;
    throw new ConfigurationError(
      'training-invalid',
      `pipeline: missing; ${this.dataset.name} has signals, which need one`,
    );
  }

  #signalExamples(
    writer: ExampleFileWriter,
    recording: SignalRecording,
    inputs: ModelInputs,
    place: SessionPlace,
  ): StoredExample[] {
    const pipeline = this.#neededPipeline();
    const { step_s, shift_s } = this.times;
    const layout = writer.layout(inputs);
    const keep = (frame: ModelFrame): number => writer.add(frame, layout);
    const node = onlyModel(pipeline);
    const windows = labelledWindows(pipeline, node, inputs, recording, step_s, shift_s, keep, place);
    return windows.map(({ window, since_start, since_onset, label, kept: at, ...origin }) => ({
      origin,
      window,
      since_start,
      since_onset,
      label,
      layout,
      at,
    }));
  }
}

/** Writes a file, or nothing where `write` says so or throws. */
async function written(
  path: string,
  write: (writer: ExampleFileWriter, examples: StoredExample[]) => Promise<boolean>,
): Promise<void> {
  const writer = new ExampleFileWriter(path);
  const examples: StoredExample[] = [];
  try {
    if (await write(writer, examples)) writer.finish(examples);
  } finally {
    writer.discard();
  }
}

type FeatureRecording = Extract<DatasetRecording, { kind: 'features' }>;

/** The labelled windows of released features in which something was measured, all features as they come. */
function featureExamples(
  writer: ExampleFileWriter,
  recording: FeatureRecording,
  dataset: string,
  place: SessionPlace,
): StoredExample[] {
  const examples: StoredExample[] = [];
  const { trial, windows } = recording;
  const modalities = [...windows.modalities.values()];
  const layout = writer.layout(releasedInputs(recording, dataset));
  const origin = originOf(recording, trial, place);
  for (let w = 0; w < windows.count; w++) {
    const label = windows.labels?.[w] ?? trial.label;
    if (!label) continue;
    const frame = modalities.map(({ features, values }) =>
      measured(values.subarray(w * features.length, (w + 1) * features.length)),
    );
    if (!frame.some(({ present }) => present)) continue;
    const start = w * windows.hop_s;
    const at = writer.add(frame, layout);
    examples.push({
      origin,
      window: [start, start + windows.window_s],
      since_start: place.before + start,
      since_onset: start,
      label,
      layout,
      at,
    });
  }
  return examples;
}

/** NaN = missing, as a frame. */
function measured(row: Float32Array): ModelFrame[number] {
  const [values, mask] = [new Float32Array(row.length), new Uint8Array(row.length)];
  let present = false;
  for (const [f, value] of row.entries()) {
    if (!Number.isFinite(value)) continue;
    values[f] = value;
    mask[f] = 1;
    present = true;
  }
  return { values, mask, present };
}

function releasedInputs({ windows }: FeatureRecording, dataset: string): ModelInputs {
  return new Map(
    [...windows.modalities].map(([modality, { features }]): [string, ModalityInput] => [
      modality,
      { kind: 'features', features, upstream: `released:${dataset}` },
    ]),
  );
}
