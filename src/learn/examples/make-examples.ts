import { rm } from 'node:fs/promises';
import type { Clock } from '../../core/clock.js';
import { AffectdError } from '../../core/errors.js';
import { type FeatureDescriptor, featureName } from '../../core/features.js';
import type { ModalityInput } from '../../core/model.js';
import type { Pipeline } from '../../pipeline/file/pipeline.js';
import type { Dataset } from '../datasets/dataset.js';
import type { ModelInputs } from './dataset.js';
import { joinedInputs } from './discover-inputs.js';
import { duration } from './duration.js';
import { ExampleFile, partOf } from './example-file.js';
import type { ExampleFolder } from './example-folder.js';
import {
  ExampleMaker,
  type ExampleTimes,
  type MakerSettings,
  type MakerTask,
  type PersonSurvey,
} from './example-maker.js';
import { onlyModel } from './only-model.js';
import type { DatasetSettings } from './open-dataset.js';
import { runTasks } from './thread-pool.js';

export interface MakeOptions {
  readonly settings: DatasetSettings;
  /** What relative paths are relative to. */
  readonly directory: string;
  /** What the model takes of signals, where that is known; else recordings are looked at for it. */
  readonly inputs?: ModelInputs;
  readonly pipeline: Pipeline | null;
  readonly times: ExampleTimes;
  /** Where the files go, and may stand already. */
  readonly folder: ExampleFolder;
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly clock: Clock | null;
  readonly progress: (line: string) => void;
}

export interface MadeExamples {
  readonly inputs: ModelInputs;
  /** Of each person, in their order. */
  readonly files: readonly ExampleFile[];
}

/** Computes the examples that are not in their files yet, people over threads, and opens all files. */
export async function makeExamples(
  dataset: Dataset,
  people: readonly string[],
  options: MakeOptions,
): Promise<MadeExamples> {
  const { pipeline, folder, progress } = options;
  const files = new Map<string, ExampleFile>();
  try {
    const surveys = options.inputs ? null : await survey(dataset, people, files, options);
    const inputs = options.inputs ?? inputsOf(people, surveys!, files, pipeline);
    const paths = new Map(
      people
        .filter((person) => surveys === null || surveys.get(person)?.kind === 'signals')
        .map((person) => [person, folder.path('signals', person, [...inputs])]),
    );
    for (const [person, path] of paths) keepKnown(files, person, path, progress);
    const missing = [...paths].filter(([person]) => !files.has(person));
    const tasks = missing.map(([person, path]): MakerTask => ({ kind: 'make', person, path, inputs }));
    await run(dataset, tasks, options, ({ person, path }, left) =>
      keep(files, person, made(path), left, progress),
    );
    return { inputs, files: people.map((person) => files.get(person)!) };
  } catch (error) {
    for (const file of files.values()) file.close();
    throw error;
  }
}

/** Keeps a person's file of the cache, where there is one. */
function keepKnown(
  files: Map<string, ExampleFile>,
  person: string,
  path: string,
  progress: (line: string) => void,
): void {
  const file = ExampleFile.open(path);
  if (file) keep(files, person, file, ', from the cache', progress);
}

/** Opens a file that was made just now; throws `InputError` where it is gone. */
const made = (path: string): ExampleFile => ExampleFile.from({ path, bytes: null });

/** Keeps an open file, and says so. */
function keep(
  files: Map<string, ExampleFile>,
  person: string,
  file: ExampleFile,
  remark: string,
  progress: (line: string) => void,
): void {
  files.set(person, file);
  progress(`${person}: ${file.examples.length} windows${remark}`);
}

/** Looks at the recordings of everybody who is not known yet; files of released features are made, and opened, on the way. */
async function survey(
  dataset: Dataset,
  people: readonly string[],
  files: Map<string, ExampleFile>,
  options: MakeOptions,
): Promise<Map<string, PersonSurvey>> {
  const { pipeline, folder, progress } = options;
  const surveys = new Map<string, PersonSurvey>();
  // Nodes are told by their names, which their digests leave out.
  const keyOf = (person: string) => ['survey', person, pipeline?.digest] as const;
  const featuresOf = (person: string): string => folder.path('features', person);
  for (const person of people) {
    keepKnown(files, person, featuresOf(person), progress);
    const known: PersonSurvey | null = files.has(person)
      ? { kind: 'features' }
      : await folder.find<PersonSurvey>(...keyOf(person));
    if (known) surveys.set(person, known);
  }
  const tasks = people
    .filter((person) => !surveys.has(person))
    .map((person): MakerTask => ({ kind: 'survey', person, path: featuresOf(person) }));
  if (tasks.length > 0 && pipeline) progress(`looking at the recordings of ${tasks.length} people`);
  await run(dataset, tasks, options, async ({ person, path }, left, found) => {
    surveys.set(person, found!);
    if (found!.kind === 'features') keep(files, person, made(path), left, progress);
    if (found!.kind === 'signals') await folder.keep(found, ...keyOf(person));
  });
  return surveys;
}

/** Runs tasks over threads; of those that did not end nothing stays. `left` tells how far it is. */
async function run(
  dataset: Dataset,
  tasks: readonly MakerTask[],
  { settings, directory, pipeline, times, workers, signal, clock }: MakeOptions,
  done: (task: MakerTask, left: string, found: PersonSurvey | null) => Promise<void> | void,
): Promise<void> {
  const maker = new ExampleMaker(dataset, pipeline, times);
  const shared: MakerSettings = {
    dataset: settings,
    directory,
    pipeline: pipeline && { file: pipeline.file, digest: pipeline.digest },
    times,
  };
  const began = clock?.now() ?? 0;
  let finished = 0;
  try {
    await runTasks<MakerTask, PersonSurvey | null>(tasks, {
      workers,
      signal,
      inline: (task) => maker.run(task),
      worker: { name: 'example-worker', beside: import.meta.url, data: () => shared },
      failure: (message) => new AffectdError('training-failed', message),
      done: async (index, found) => {
        finished++;
        const rest = tasks.length - finished;
        const seconds = clock ? ((clock.now() - began) / finished) * rest : 0;
        const about = clock && rest > 0 ? `; about ${duration(seconds)} left` : '';
        await done(tasks[index], ` (${finished} of ${tasks.length} people${about})`, found);
      },
    });
  } catch (error) {
    for (const { path } of tasks) await rm(partOf(path), { force: true });
    throw error;
  }
}

/** What the model can be given: what the pipeline makes of signals, or all features that were released. */
function inputsOf(
  people: readonly string[],
  surveys: ReadonlyMap<string, PersonSurvey>,
  files: ReadonlyMap<string, ExampleFile>,
  pipeline: Pipeline | null,
): ModelInputs {
  const outputs = people.flatMap((person) => {
    const own = surveys.get(person);
    return own?.kind === 'signals' ? [own.outputs] : [];
  });
  if (outputs.length > 0 && pipeline) return joinedInputs(pipeline, onlyModel(pipeline), outputs);
  return merged(people.flatMap((person) => files.get(person)?.layouts ?? []));
}

/** All features of each modality that some layout has, in the order in which they appear. */
function merged(layouts: readonly ModelInputs[]): ModelInputs {
  const found = new Map<string, { upstream: string; features: Map<string, FeatureDescriptor> }>();
  for (const [modality, input] of layouts.flatMap((layout) => [...layout])) {
    if (input.kind !== 'features') continue;
    const own = found.get(modality) ?? { upstream: input.upstream, features: new Map() };
    for (const feature of input.features) own.features.set(featureName(feature), feature);
    found.set(modality, own);
  }
  return new Map(
    [...found].map(([modality, { upstream, features }]): [string, ModalityInput] => [
      modality,
      { kind: 'features', features: [...features.values()], upstream },
    ]),
  );
}
