import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Clock, SystemClock } from '../../core/clock.js';
import { digestOf } from '../../core/digest.js';
import { ConfigurationError } from '../../core/errors.js';
import type { EventSink } from '../../core/event.js';
import type { ModelFrame } from '../../core/model.js';
import { chooseEngine } from '../../model/engines/choose.js';
import type { EngineChoice } from '../../model/engines/engine.js';
import { createInference, type Inference } from '../../model/engines/inference.js';
import { chooseTrainingEngine, type TrainingEngineChoice } from '../../model/engines/training-engine.js';
import { writeModel } from '../../model/engines/write-model.js';
import type { DataLink } from '../../model/evidence/data-link.js';
import { judge } from '../../model/evidence/judge.js';
import { outputsOf } from '../../model/evidence/outputs.js';
import { familiarLimits } from '../../model/familiarity.js';
import { readModel } from '../../model/manifest.js';
import { bindModel, type InputSpec, type ModelDefinition } from '../../model/networks/definition.js';
import { modelDefinitions } from '../../model/networks/definitions.js';
import { countParameters } from '../../model/networks/parameters.js';
import { loadPipeline } from '../../pipeline/file/load.js';
import type { ModelNode, Pipeline } from '../../pipeline/file/pipeline.js';
import { sourcesOf } from '../../pipeline/file/served-recipe.js';
import { type SensorName, sensorNames } from '../../simulation/profile.js';
import { simulatedStreams, simulateSession } from '../../simulation/session.js';
import { datasetDefinitions } from '../datasets/definitions.js';
import { simulatedPerson } from '../datasets/simulated-people.js';
import { dataLink } from '../examples/data-link.js';
import type { ModelInputs } from '../examples/dataset.js';
import { discoverInputs } from '../examples/discover-inputs.js';
import { duration } from '../examples/duration.js';
import { byPerson, type Example } from '../examples/example.js';
import { type ExampleSet, loadExamples } from '../examples/example-set.js';
import { loadedFrames } from '../examples/frame-loader.js';
import { onlyModel } from '../examples/only-model.js';
import { groupPeople, type PeopleGroups } from '../examples/people-groups.js';
import { standardisedInputs } from '../examples/standardise.js';
import { apart, calibrate } from './calibrate.js';
import { Checkpoint, examplesDigest } from './checkpoint.js';
import { type DatasetData, loadTrainConfig, type SimulatedData, type TrainConfig } from './config.js';
import { type EvaluationSummary, renderDatasetCard } from './dataset-card.js';
import { engineProblems } from './engine-problems.js';
import { ceilingRow, constantRow, evaluate } from './evaluate.js';
import { summariseEvaluation } from './evaluation-summary.js';
import { type Epoch, fitModel } from './fit.js';
import { groupWeights } from './group-weights.js';
import { intervalReport } from './interval-report.js';
import { type LinkedEvidence, linkEvidence } from './link-evidence.js';
import { modelFolder } from './model-folder.js';
import { predictExamples } from './predicting.js';
import { rankAgreement } from './rank-agreement.js';
import { recipeOf, trainedAlone } from './recipe.js';
import { type Removal, removals } from './removals.js';
import { renderCard, type SimulatedReport, type TrainingReport } from './report.js';
import { objectiveProblems } from './trainer.js';
import { validationMetric } from './validation.js';

export interface TrainOptions {
  /** What runs the finished model for the report. Default `auto`. */
  readonly engine?: EngineChoice;
  /** What trains. Default `auto`. */
  readonly trainingEngine?: TrainingEngineChoice;
  readonly events?: EventSink;
  /** Told what is being done, one line at a time. */
  readonly progress?: (line: string) => void;
  /** Folder of the model; default: its configuration's. */
  readonly out?: string;
  /** For the time that is left. */
  readonly clock?: Clock;
  /** Folder in which a data set's examples are kept for the next time; default: none. */
  readonly cache?: string | null;
  /** Threads that compute a data set's examples; default 1. */
  readonly workers?: number;
  /** Most of a data set's examples that is held in memory, bytes; default: a quarter of it. */
  readonly memory?: number;
  /** Ends it after the epoch that is under way; the next run goes on from there. */
  readonly signal?: AbortSignal;
}

/** How long the sessions are from which a pipeline's features are read off, s. */
const DISCOVERY_S = 6;

interface Served {
  readonly pipeline: Pipeline;
  readonly node: ModelNode;
}

/** A checked configuration: whatever can be found wrong without hours of data has been. */
interface Plan {
  readonly config: TrainConfig;
  readonly directory: string;
  /** The model's. */
  readonly folder: string;
  /** What serves the model; null for models of images, which nothing serves yet. */
  readonly served: Served | null;
  readonly definition: ModelDefinition<unknown>;
  readonly settings: unknown;
  readonly evaluation: EvaluationSummary | null;
  readonly invalid: (problem: string) => ConfigurationError;
}

async function makePlan(path: string, out: string | null): Promise<Plan> {
  const invalid = (problem: string): ConfigurationError =>
    new ConfigurationError('training-invalid', `${path}: ${problem}`);
  const { config, directory, pipeline: file } = await loadTrainConfig(path);
  const definition = modelDefinitions.get(config.type);
  if (!definition)
    throw invalid(`type: ${config.type} is not one of ${[...modelDefinitions.keys()].join(', ')}`);
  const settings = definition.settings.safeParse(config.settings);
  if (!settings.success) {
    const [issue] = settings.error.issues;
    throw invalid(`settings.${issue.path.join('.')}: ${issue.message}`);
  }
  const { evaluation } = config;
  const summary = evaluation
    ? await summariseEvaluation(resolve(directory, evaluation.report), evaluation.model)
    : null;
  if (summary?.leaky) throw invalid('evaluation.report: it is leaky; a card takes honest figures only');
  const pipeline = file === null ? null : await loadPipeline(file);
  const served = pipeline && { pipeline, node: onlyModel(pipeline) };
  if (served && served.node.type !== config.type)
    throw invalid(
      `type: ${config.type}, but ${file}: models.${served.node.name} is of type ${served.node.type}, and would not take it; make them one`,
    );
  return {
    config,
    directory,
    folder: await modelFolder(config.name, directory, out),
    served,
    definition,
    settings: settings.data,
    evaluation: summary,
    invalid,
  };
}

/** Throws where no pipeline is named. */
function servedBy({ served, invalid }: Plan): Served {
  if (served) return served;
  throw invalid('pipeline: missing; only models of images have none');
}

/** The model's inputs, standardised as `examples` are spread. */
function inputSpecs({ config }: Plan, inputs: ModelInputs, examples: readonly Example[]): InputSpec[] {
  return standardisedInputs(inputs, examples, config.clip_sd, true);
}

/** Throws for the first thing that does not fit between model, losses and inputs. */
function checkFit(plan: Plan, inputs: ModelInputs): void {
  const { definition, settings, config, invalid } = plan;
  const specs = inputSpecs(plan, inputs, []);
  const [problem] = definition.problems(settings, specs);
  if (problem) throw invalid(problem);
  const model = bindModel(definition, settings, specs);
  const [lacking] = objectiveProblems(model, config.fit.loss);
  if (lacking) throw invalid(lacking);
}

interface TrainingData {
  readonly inputs: ModelInputs;
  readonly groups: PeopleGroups;
  /** People whom nothing but the report sees; left out where there is no such group. */
  readonly test?: readonly Example[];
  /** Null: simulated people, who are no data set. */
  readonly link: DataLink | null;
  readonly name: string;
  readonly source: string;
  /** To be called when frames are asked for no more. */
  close(): Promise<void>;
}

/** People of the test group who are looked at closely: every window of theirs, and their sessions without each sensor. */
const PANEL = 40;

/** Simulated people are read from files that threads make, like any data set's: all of them would be more than memory need hold. */
async function simulate(plan: Plan, data: SimulatedData, options: TrainOptions): Promise<TrainingData> {
  const { pipeline, node } = servedBy(plan);
  const { seed, profiles, people } = data;
  const inputs = discoverInputs(
    pipeline,
    node,
    profiles.map((profile, i) =>
      simulateSession({ seed: simulatedPerson(seed, 'train', i), profile, duration_s: DISCOVERY_S }),
    ),
  );
  checkFit(plan, inputs);
  options.progress?.(`simulating ${Object.values(people).reduce((sum, n) => sum + n, 0)} people`);
  const { examples, close } = await simulated(plan, data, people, inputs, options);
  const of = (group: keyof typeof people): Example[] => {
    const names = new Set(
      Array.from({ length: people[group] }, (_, number) => simulatedPerson(seed, group, number)),
    );
    return examples.filter(({ person }) => names.has(person));
  };
  return {
    inputs,
    groups: { train: of('train'), validation: of('validation'), calibration: of('calibration') },
    test: of('test'),
    link: null,
    name: 'Simulated people',
    source: 'src/simulation',
    close,
  };
}

function simulated(
  plan: Plan,
  { seed, profiles, duration_s, step_s }: SimulatedData,
  people: Readonly<Record<string, number>>,
  inputs: ModelInputs,
  options: TrainOptions,
  only?: readonly SensorName[],
): Promise<ExampleSet> {
  const dataset = { kind: 'simulated-people', seed, profiles, duration_s, people, ...(only && { only }) };
  const { pipeline } = servedBy(plan);
  return loadExamples(
    { dataset, step_s, labels: { shift_s: 0 } },
    { ...options, pipeline, directory: plan.directory, inputs },
  );
}

async function load(plan: Plan, data: DatasetData, options: TrainOptions): Promise<TrainingData> {
  const { served, directory, definition, settings, invalid } = plan;
  const pipeline = served?.pipeline ?? null;
  const loaded = await loadExamples(data, { ...options, pipeline, directory });
  const { dataset, inputs, classes, examples, close } = loaded;
  try {
    if (!dataset.hasImages) servedBy(plan);
    checkFit(plan, inputs);
    const told = definition.outputs(settings).classes;
    if (told.length > 0 && told.join() !== classes.join())
      throw invalid(`settings.classes: the data have ${classes.join(', ') || 'none'}, in this order`);
    const { kind } = data.dataset;
    const link = await dataLink(dataset, data.people ?? dataset.people, {
      ...options,
      settings: data.dataset,
      directory,
    });
    return {
      inputs,
      groups: groupPeople(examples, data.shares, data.seed),
      link,
      name: dataset.name,
      source: datasetDefinitions.get(kind)!.source,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The model as shipped, on people that nothing saw, and what it is to be compared with. */
async function test(
  plan: Plan,
  data: SimulatedData,
  { inputs, groups, test: examples = [] }: TrainingData,
  options: TrainOptions,
): Promise<
  Pick<
    SimulatedReport,
    'engine' | 'panel' | 'rows' | 'ceiling' | 'baseline' | 'ranking' | 'intervals' | 'removals'
  >
> {
  const { config, folder } = plan;
  const loaded = await readModel(folder);
  const { engine } = await chooseEngine(options.engine ?? 'auto');
  options.progress?.(
    `testing on ${data.people.test} people, ${examples.length} windows, with ${engine.name}`,
  );
  const executable = await engine.load(loaded);
  const intervals = await intervalReport(loaded, executable, examples);
  await executable.dispose();
  const panel = firstPeople(examples, PANEL);
  const inference = await createInference(loaded, engine);
  const rows = await evaluate(loaded.manifest.inputs, panel, inference.predict, config.report.missing_rates);
  const ceiling = await ceilingRow(
    loaded.manifest.inputs.length,
    firstPeople(groups.calibration, PANEL),
    panel,
    inference.predict,
  );
  const ranked = loaded.model.ranking;
  const told = ranked.length > 0 ? await inference.predict(panel.map(({ frame }) => frame)) : [];
  const ranking = ranked.map((dimension) =>
    rankAgreement(
      panel,
      told.map((output) => output.ranking![dimension]),
      dimension,
      config.fit.loss.ranking?.tolerance ?? 0,
    ),
  );
  const removed = await removedSensors(plan, data, inputs, panel, inference, options);
  await inference.dispose();
  const people = Math.min(PANEL, data.people.test);
  const baseline = constantRow(groups.train, panel);
  return {
    engine: engine.name,
    panel: people,
    rows,
    ceiling,
    baseline,
    ranking,
    intervals,
    removals: removed,
  };
}

/** {@link removals}, of the panel's sessions simulated again without each modality's sensors. */
async function removedSensors(
  plan: Plan,
  data: SimulatedData,
  inputs: ModelInputs,
  panel: readonly Example[],
  inference: Inference,
  options: TrainOptions,
): Promise<Removal[]> {
  const { pipeline, node } = servedBy(plan);
  if (inputs.size < 2) return [];
  const types = new Map(
    data.profiles.flatMap((profile) =>
      simulatedStreams({ profile, seed: data.seed }).map(({ id, type }) => [id, type] as const),
    ),
  );
  const lacking = new Map<string, readonly Example[]>();
  const opened: ExampleSet[] = [];
  try {
    for (const [modality, nodes] of node.join.inputs) {
      const feeding = new Set<string>(
        sourcesOf(pipeline, nodes).map((source) => pipeline.sources.get(source)!.stream_type),
      );
      const others = sensorNames.filter((sensor) => !feeding.has(types.get(sensor) ?? ''));
      options.progress?.(`the same sessions without ${modality}`);
      const people = { test: Math.min(PANEL, data.people.test) };
      const all = { ...data, step_s: node.join.hop_s };
      const set = await simulated(plan, all, people, inputs, options, others);
      opened.push(set);
      lacking.set(modality, set.examples);
    }
    return await removals(inference, [...inputs.keys()], panel, lacking);
  } finally {
    for (const { close } of opened) await close();
  }
}

/** The windows of the first people. */
function firstPeople(examples: readonly Example[], count: number): Example[] {
  return [...byPerson(examples).values()].slice(0, count).flat();
}

/** Tells each epoch's figures and how long the rest will take. */
function epochLines(
  progress: (line: string) => void,
  clock: Clock,
  metric: string | null,
): (epoch: Epoch, epochs: number) => void {
  const began = clock.now();
  let done = 0;
  return ({ epoch, loss, validation }, epochs) => {
    done++;
    const left = ((clock.now() - began) / done) * (epochs - epoch);
    const rest = epoch < epochs ? `; at most ${duration(left)} left` : '';
    const held = metric === null ? '' : `, validation ${metric} ${validation.toFixed(4)}`;
    progress(`epoch ${epoch}: loss ${loss.toFixed(4)}${held}${rest}`);
  };
}

/**
 * Trains the model that a configuration describes and writes it beside the configuration file, or to `out`, with card and
 * report: a model of simulated people is tested on people that nothing saw; the card of a data set's model shows the
 * evaluation that its configuration names. Cut off anywhere, it goes on from the last whole epoch to the same weights.
 * Throws `ConfigurationError` for what a person can mend.
 */
export async function train(path: string, options: TrainOptions = {}): Promise<TrainingReport> {
  const plan = await makePlan(path, options.out ?? null);
  const { data: config } = plan.config;
  const data =
    config.kind === 'simulated' ? await simulate(plan, config, options) : await load(plan, config, options);
  try {
    return await trainOn(plan, data, options);
  } finally {
    await data.close();
  }
}

async function trainOn(plan: Plan, data: TrainingData, options: TrainOptions): Promise<TrainingReport> {
  const progress = options.progress ?? (() => {});
  const { config, folder, definition, settings } = plan;
  const { groups } = data;
  const inputs = inputSpecs(plan, data.inputs, groups.train);
  const model = bindModel(definition, settings, inputs);
  const { tf, device, name: trainer, detail } = await chooseTrainingEngine(options.trainingEngine);
  const [lacking] = engineProblems(trainer, model, config.fit.batch_size);
  if (lacking) throw plan.invalid(lacking);
  const parameterCount = countParameters(model.parameters);
  progress(
    `training ${config.type} with ${parameterCount} parameters on ${groups.train.length} windows, with ${trainer}${detail ? ` on ${detail}` : ''}`,
  );

  await mkdir(folder, { recursive: true });
  const key = digestOf([config, trainer, examplesDigest(groups.train), examplesDigest(groups.validation)]);
  const checkpoint = new Checkpoint(join(folder, 'checkpoint.bin'), key);
  const metric = groups.validation.length > 0 ? validationMetric(model) : null;
  const resume = await checkpoint.read();
  if (resume) progress(`going on after epoch ${resume.history.length}`);
  const { parameters, best, history } = await fitModel(
    tf,
    model,
    groups,
    config.fit,
    {
      epoch: epochLines(progress, options.clock ?? new SystemClock(), metric),
      checkpoint: async (state) => {
        await checkpoint.write(state);
        options.signal?.throwIfAborted();
      },
      resume,
    },
    device,
  );
  const executable = device.executable(model, parameters);
  const { calibration, skill } = await calibrate(
    model,
    executable,
    groups,
    config.interval_level,
    config.fit.seed,
  );
  const probes = groups.validation.length > 0 ? groups.validation : groups.train;
  const weighed = await predictExamples(model, executable, probes);
  await executable.dispose();
  await device.close();

  const simulated = data.link?.simulated ?? true;
  const evidence = data.link && !simulated ? await evidenceOf(plan, data.inputs, data.link) : null;
  const [window] = await loadedFrames([probes[probes.length >> 1]]);
  const id = await writeModel(
    folder,
    {
      name: config.name,
      trained_with: `${trainer}, Node ${process.versions.node.split('.')[0]}`,
      simulated,
      links: evidence?.links ?? null,
      definition,
      settings,
      inputs,
      parameters,
      calibration,
      ...(skill && { skill }),
      validity: config.validity,
      // How light an image is does not tell whether there is a face in it.
      ...(!inputs.some(({ kind }) => kind === 'image') && {
        familiarity: familiarLimits(inputs, framesOf(apart([...groups.calibration, ...groups.validation]))),
      }),
      probe: evidence?.probe ?? window,
      card: '',
    },
    tf,
  );
  const basis: TrainingReport = {
    model: id,
    type: config.type,
    parameters: parameterCount,
    pipeline: config.pipeline ?? null,
    data: config.data,
    windows: {
      train: groups.train.length,
      validation: groups.validation.length,
      calibration: groups.calibration.length,
    },
    validation_metric: metric,
    best,
    calibration,
    history,
    weights: {
      modalities: model.inputs.map(({ name }) => name),
      groups: groupWeights(model, probes, weighed),
    },
  };
  const { report, card } = await describe(plan, data, basis, options);
  await writeFile(join(folder, 'CARD.md'), card);
  await writeFile(join(folder, 'report.json'), `${JSON.stringify(report, null, 1)}\n`);
  await checkpoint.remove();
  return report;
}

/** What the model's evidence is computed from; null where its configuration names no evaluation. */
async function evidenceOf(
  { config, directory, folder, served, settings }: Plan,
  inputs: ModelInputs,
  data: DataLink,
): Promise<LinkedEvidence | null> {
  const { evaluation, type, clip_sd, fit } = config;
  if (!evaluation || config.data.kind !== 'dataset') return null;
  const recipe = recipeOf({
    pipeline: served?.pipeline ?? null,
    data: config.data,
    model: { ...trainedAlone, type, settings, clip_sd },
    fit,
  });
  return linkEvidence({
    folder,
    report: resolve(directory, evaluation.report),
    model: evaluation.model,
    recipe,
    seed: fit.seed,
    data,
    served,
    inputs,
  });
}

/** One at a time. */
function* framesOf(examples: readonly Example[]): Iterable<ModelFrame> {
  for (const { frame } of examples) yield frame;
}

async function describe(
  plan: Plan,
  data: TrainingData,
  basis: TrainingReport,
  options: TrainOptions,
): Promise<{ report: TrainingReport; card: string }> {
  const { config, definition, settings, evaluation } = plan;
  if (config.data.kind === 'simulated') {
    const report = { ...basis, data: config.data, ...(await test(plan, config.data, data, options)) };
    return { report, card: renderCard(config, report) };
  }
  const { heads, binary_heads, classes, ranking } = definition.outputs(settings);
  const loaded = await readModel(plan.folder);
  const worth = await judge(plan.folder, loaded.manifest, outputsOf(loaded.model));
  const outputs = [
    heads.length > 0 &&
      `${heads.join(', ')} (${binary_heads ? 'High or Low: twice the probability of High, less 1' : '-1..1'})`,
    classes.length > 0 && `probabilities of ${classes.join(', ')}`,
    ranking.length > 0 && `whether ${ranking.join(', ')} is higher, similar or lower than at an anchor`,
  ].filter((line) => line !== false);
  const card = renderDatasetCard({
    config: { ...config, data: config.data },
    report: basis,
    dataset: data,
    groups: data.groups,
    outputs: outputs.join('; '),
    worth,
    population: datasetDefinitions.get(config.data.dataset.kind)?.population ?? null,
    people: data.link?.people.length ?? 0,
    evaluation,
  });
  return { report: basis, card };
}
