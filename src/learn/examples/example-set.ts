import { totalmem } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../core/clock.js';
import { ConfigurationError, InputError } from '../../core/errors.js';
import type { Pipeline } from '../../pipeline/file/pipeline.js';
import { type Dataset, type Label, ratedDimensions } from '../datasets/dataset.js';
import type { ModelInputs } from './dataset.js';
import type { Example } from './example.js';
import type { ExampleFile } from './example-file.js';
import { ExampleFolder } from './example-folder.js';
import { imageExamples } from './image-examples.js';
import { makeExamples } from './make-examples.js';
import { onlyModel } from './only-model.js';
import { openDataset } from './open-dataset.js';
import { type SharedExamples, storedExamples } from './stored-examples.js';

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
  /** {@link examples} for another thread; null where they can't be had there. */
  readonly shared: SharedExamples | null;
  /** To be called when frames are asked for no more. */
  close(): Promise<void>;
}

export interface LoadOptions {
  /** Needed where the data set has signals; its only model node is the one that takes the frames. */
  readonly pipeline: Pipeline | null;
  /** What relative paths are relative to. */
  readonly directory: string;
  /** What the model takes, where that is known; else recordings are looked at for it. */
  readonly inputs?: ModelInputs;
  /** Folder in which examples are kept for the next time; null: in a temporary one. Default: null. */
  readonly cache?: string | null;
  /** Threads that compute, people apart; 1 computes in this one. Default 1. The result is the same. */
  readonly workers?: number;
  /** Most of the examples that is held in memory, bytes; the rest is read from disk. Default {@link defaultMemory}. */
  readonly memory?: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** For the time that is left. */
  readonly clock?: Clock;
  readonly progress?: (line: string) => void;
}

/** A quarter of the memory that this process may have, bytes. */
export function defaultMemory(): number {
  // Of a process without a limit it is 0, or more than there is.
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return Math.min(totalmem(), limit) / 4;
}

/**
 * Every window of a data set, as the model that `pipeline` serves would see it. Examples are computed into files, person
 * by person, and their frames are read from these, or from memory as far as they fit.
 */
export async function loadExamples(settings: ExampleSettings, options: LoadOptions): Promise<ExampleSet> {
  const dataset = await openDataset(settings.dataset, options.directory);
  const people = settings.people ?? dataset.people;
  for (const person of people)
    if (!dataset.people.includes(person))
      throw new ConfigurationError(
        'training-invalid',
        `people: ${person} is not in ${dataset.name}; it has ${dataset.people.join(', ')}`,
      );
  const { relabel, classes } = labelling(settings, dataset);
  if (dataset.hasImages) {
    const images = await imageExamples(dataset, people, relabel);
    return { dataset, classes, ...images, shared: null, close: async () => {} };
  }
  const { workers = 1, clock = null, progress = () => {} } = options;
  const { signal = new AbortController().signal } = options;
  const folder = await openFolder(settings, options);
  const files: ExampleFile[] = [];
  const close = async (): Promise<void> => {
    for (const file of files) file.close();
    await folder.remove();
  };
  try {
    const { step_s, labels } = settings;
    const made = await makeExamples(dataset, people, {
      settings: settings.dataset,
      directory: options.directory,
      ...(options.inputs && { inputs: options.inputs }),
      pipeline: options.pipeline,
      times: { step_s, shift_s: labels.shift_s },
      folder,
      workers,
      signal,
      clock,
      progress,
    });
    files.push(...made.files);
    const { inputs } = made;
    const allInMemory = intoMemory(files, options.memory ?? defaultMemory(), progress);
    if (allInMemory) await folder.remove();
    const shared = files.map((file) => ({
      file: file.shared,
      labels: file.examples.map(({ label }) => relabel(label)),
    }));
    const examples = files.flatMap((file, i) => storedExamples(file, inputs, shared[i].labels));
    if (examples.length === 0)
      throw new InputError(
        'training-empty',
        `${dataset.name}: no labelled window; is a trial as long as a window?`,
      );
    return { dataset, inputs, classes, examples, shared: { inputs, files: shared }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Holds files in memory, one after another, as long as they fit. @returns whether all do */
function intoMemory(
  files: readonly ExampleFile[],
  memory: number,
  progress: (line: string) => void,
): boolean {
  let left = memory;
  const onDisk: number[] = [];
  for (const file of files)
    if (file.size <= left) {
      file.load();
      left -= file.size;
    } else onDisk.push(file.size);
  if (onDisk.length === 0) return true;
  const size = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  const all = files.reduce((sum, file) => sum + file.size, 0);
  const disk = onDisk.reduce((sum, bytes) => sum + bytes, 0);
  progress(
    `${size(disk)} of ${size(all)} of examples are read from disk: ${size(memory)} of memory is for them`,
  );
  return false;
}

function openFolder(
  { dataset, step_s, labels }: ExampleSettings,
  { cache = null, pipeline, directory }: LoadOptions,
): Promise<ExampleFolder> {
  if (cache === null) return ExampleFolder.temporary();
  const upstream = pipeline && [[...onlyModel(pipeline).join.digests], [...pipeline.sources.values()]];
  const path = typeof dataset.path === 'string' ? resolve(directory, dataset.path) : null;
  const { path: _, ...rest } = dataset;
  return ExampleFolder.cache(cache, [rest, upstream, step_s, labels.shift_s], path);
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
  const made = ({ targets, class: own }: Label): Label => {
    const rated = Object.entries(ratings ?? {}).flatMap(([dimension, values]) =>
      own === null ? [] : [[dimension, values[own]] as const],
    );
    const value = from && targets[from.dimension];
    return {
      targets: { ...targets, ...Object.fromEntries(rated) },
      class: from ? (value === undefined ? null : Number(value > from.above)) : own,
    };
  };
  // Windows of a trial that share a label go on sharing it.
  const known = new Map<Label, Label>();
  const relabel = (label: Label): Label => {
    const own = known.get(label) ?? made(label);
    known.set(label, own);
    return own;
  };
  return { relabel, classes: from?.names ?? dataset.classes ?? [] };
}
