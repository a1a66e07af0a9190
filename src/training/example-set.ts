import { resolve } from 'node:path';
import { z } from 'zod';
import { ConfigurationError, InputError } from '../core/errors.js';
import type { FeatureDescriptor } from '../core/features.js';
import type { ModalityFrame } from '../core/model.js';
import type { StreamMessage } from '../core/signal.js';
import { type Dataset, type DatasetRecording, type Label, ratedDimensions } from '../datasets/dataset.js';
import { datasetDefinitions } from '../datasets/definitions.js';
import type { Pipeline } from '../topology/pipeline.js';
import { collectExamples, type ModelInputs, originOf, type SignalRecording } from './dataset.js';
import { discoverInputs } from './discover-inputs.js';
import type { Example } from './example.js';
import { ExampleCache } from './example-cache.js';
import { onlyModel } from './only-model.js';

/** What examples are made of, in training and evaluation configurations alike. */
export const exampleSettings = z.strictObject({
  dataset: z
    .looseObject({ kind: z.string() })
    .describe("The data set's kind, and its importer's own settings."),
  step_s: z
    .number()
    .positive()
    .default(2)
    .describe('Least time between two windows of a trial, s; released features come as they are.'),
  people: z.array(z.string()).min(1).optional().describe('Only these.'),
  labels: z
    .strictObject({
      classes_from: z
        .strictObject({
          dimension: z.enum(ratedDimensions),
          above: z.number().min(-1).max(1).default(0),
          names: z.tuple([z.string(), z.string()]).default(['low', 'high']),
        })
        .optional()
        .describe(
          'Two classes from a rating: the second where it is above; a rating equal to it is the first.',
        ),
      targets_from_class: z
        .partialRecord(z.enum(ratedDimensions), z.array(z.number().min(-1).max(1)))
        .optional()
        .describe("Ratings from classes, in the classes' order: for what has an order, as SEED's three."),
      shift_s: z
        .number()
        .min(0)
        .max(10)
        .default(0)
        .describe('How much later than the body raters answer, s: continuous annotations only.'),
    })
    .default({ shift_s: 0 }),
});
export type ExampleSettings = z.infer<typeof exampleSettings>;

export interface ExampleSet {
  readonly dataset: Dataset;
  readonly inputs: ModelInputs;
  readonly classes: readonly string[];
  /** In the data set's order of people, each trial's windows in order of time. */
  readonly examples: readonly Example[];
}

export interface LoadOptions {
  /** Needed where the data set has signals; its only model node is the one that takes the frames. */
  readonly pipeline: Pipeline | null;
  /** What relative paths are relative to. */
  readonly directory: string;
  /** Folder in which examples are kept for the next time; null: none. Default: none. */
  readonly cache?: string | null;
  readonly progress?: (line: string) => void;
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

export async function openDataset(
  { dataset: { kind, ...rest } }: ExampleSettings,
  directory: string,
): Promise<Dataset> {
  const definition = datasetDefinitions.get(kind);
  if (!definition)
    throw new ConfigurationError(
      'training-invalid',
      `dataset.kind: ${kind} is not one of ${[...datasetDefinitions.keys()].join(', ')}`,
    );
  const settings = definition.settings.safeParse(rest);
  if (!settings.success) {
    const [issue] = settings.error.issues;
    throw new ConfigurationError('training-invalid', `dataset.${issue.path.join('.')}: ${issue.message}`);
  }
  return definition.open(settings.data, directory);
}

/** Every window of a data set, as the model that `pipeline` serves would see it. */
export async function loadExamples(settings: ExampleSettings, options: LoadOptions): Promise<ExampleSet> {
  const dataset = await openDataset(settings, options.directory);
  const people = settings.people ?? dataset.people;
  for (const person of people)
    if (!dataset.people.includes(person))
      throw new ConfigurationError(
        'training-invalid',
        `people: ${person} is not in ${dataset.name}; it has ${dataset.people.join(', ')}`,
      );
  const inputs = await inputsOf(dataset, people, options);
  const { relabel, classes } = labelling(settings, dataset);
  const cache = await openCache(settings, inputs, options);
  const examples: Example[] = [];
  for (const person of people) {
    const kept = await cache?.find(person);
    const own = kept ?? (await examplesOf(dataset, person, inputs, settings, options));
    if (cache && !kept) await cache.keep(person, own);
    if (kept) options.progress?.(`${person}: ${own.length} windows, from the cache`);
    examples.push(...own.map((example) => ({ ...example, label: relabel(example.label) })));
  }
  if (examples.length === 0)
    throw new InputError(
      'training-empty',
      `${dataset.name}: no labelled window; is a trial as long as a window?`,
    );
  return { dataset, inputs, classes, examples };
}

async function examplesOf(
  dataset: Dataset,
  person: string,
  inputs: ModelInputs,
  settings: ExampleSettings,
  options: LoadOptions,
): Promise<Example[]> {
  const examples: Example[] = [];
  for await (const recording of dataset.recordings(person)) {
    const own =
      recording.kind === 'features'
        ? featureExamples(recording, inputs)
        : signalExamples(recording, inputs, settings, options);
    examples.push(...own);
    options.progress?.(`${recording.person} ${recording.session}: ${own.length} windows`);
  }
  return examples;
}

async function openCache(
  { dataset, step_s, labels }: ExampleSettings,
  inputs: ModelInputs,
  { cache = null, pipeline, directory }: LoadOptions,
): Promise<ExampleCache | null> {
  if (cache === null) return null;
  const upstream = pipeline && [...onlyModel(pipeline).join.digests];
  const path = typeof dataset.path === 'string' ? resolve(directory, dataset.path) : null;
  const { path: _, ...rest } = dataset;
  return ExampleCache.open(cache, [rest, [...inputs], upstream, step_s, labels.shift_s], path);
}

function needPipeline({ pipeline }: LoadOptions, dataset: string): Pipeline {
  if (pipeline) return pipeline;
  throw new ConfigurationError(
    'training-invalid',
    `pipeline: missing; ${dataset} has signals, which need one`,
  );
}

function signalExamples(
  recording: SignalRecording,
  inputs: ModelInputs,
  { step_s, labels }: ExampleSettings,
  options: LoadOptions,
): Example[] {
  const pipeline = needPipeline(options, 'the data set');
  return collectExamples(pipeline, onlyModel(pipeline), inputs, recording, step_s, labels.shift_s);
}

async function inputsOf(
  dataset: Dataset,
  people: readonly string[],
  options: LoadOptions,
): Promise<ModelInputs> {
  const signals: Iterable<StreamMessage>[] = [];
  const released = new Map<string, Map<string, FeatureDescriptor>>();
  for (const person of people)
    for await (const recording of dataset.recordings(person)) {
      if (recording.kind === 'signals') {
        signals.push(beginning(recording.messages));
        break;
      }
      for (const [modality, { features }] of recording.windows.modalities) {
        const known = released.get(modality) ?? new Map<string, FeatureDescriptor>();
        for (const feature of features) known.set(keyOf(feature), feature);
        released.set(modality, known);
      }
    }
  if (signals.length > 0) {
    const pipeline = needPipeline(options, dataset.name);
    return discoverInputs(pipeline, onlyModel(pipeline), signals);
  }
  return new Map(
    [...released].map(([modality, features]) => [
      modality,
      { kind: 'features', features: [...features.values()], upstream: `released:${dataset.name}` },
    ]),
  );
}

const keyOf = ({ channel, feature }: FeatureDescriptor): string => `${channel}.${feature}`;

type FeatureRecording = Extract<DatasetRecording, { kind: 'features' }>;

function featureExamples(recording: FeatureRecording, inputs: ModelInputs): Example[] {
  const { trial, windows } = recording;
  // Of each input's features, the place in what this recording has; -1 where it lacks one.
  const places = [...inputs].map(([modality, input]) => {
    const own = windows.modalities.get(modality);
    if (!own || input.kind !== 'features') return null;
    const at = new Map(own.features.map((feature, i) => [keyOf(feature), i]));
    return { own, at: input.features.map((feature) => at.get(keyOf(feature)) ?? -1) };
  });
  const frameOf = (window: number, m: number, size: number): ModalityFrame => {
    const [values, mask] = [new Float32Array(size), new Uint8Array(size)];
    const place = places[m];
    place?.at.forEach((from, f) => {
      const value = from < 0 ? Number.NaN : place.own.values[window * place.own.features.length + from];
      if (!Number.isFinite(value)) return;
      values[f] = value;
      mask[f] = 1;
    });
    return { values, mask, present: mask.includes(1) };
  };
  const sizes = [...inputs.values()].map((input) => (input.kind === 'features' ? input.features.length : 0));
  return Array.from({ length: windows.count }, (_, w): Example[] => {
    const label = windows.labels?.[w] ?? trial.label;
    const frame = sizes.map((size, m) => frameOf(w, m, size));
    if (!label || !frame.some(({ present }) => present)) return [];
    const start = w * windows.hop_s;
    return [{ ...originOf(recording, trial), window: [start, start + windows.window_s], frame, label }];
  }).flat();
}

function labelling(
  { labels }: ExampleSettings,
  dataset: Dataset,
): { relabel: (label: Label) => Label; classes: readonly string[] } {
  const { classes_from: from, targets_from_class: ratings } = labels;
  for (const [dimension, values] of Object.entries(ratings ?? {}))
    if (values.length !== dataset.classes?.length)
      throw new ConfigurationError(
        'training-invalid',
        `labels.targets_from_class.${dimension}: needs ${dataset.classes?.length ?? 0} values, one a class of ${dataset.name}`,
      );
  const relabel = ({ targets, class: own }: Label): Label => {
    const rated = Object.entries(ratings ?? {}).flatMap(([dimension, values]) =>
      own === null ? [] : [[dimension, values[own]] as const],
    );
    const value = from && targets[from.dimension];
    return {
      targets: { ...targets, ...Object.fromEntries(rated) },
      class: from ? (value === undefined ? null : Number(value > from.above)) : own,
    };
  };
  return { relabel, classes: from?.names ?? dataset.classes ?? [] };
}
