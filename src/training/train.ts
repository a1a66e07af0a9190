import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError } from '../core/errors.js';
import type { EventSink } from '../core/event.js';
import { chooseEngine } from '../engines/choose.js';
import { trainingExecutable } from '../engines/differentiable.js';
import type { EngineChoice } from '../engines/engine.js';
import { createInference } from '../engines/inference.js';
import { chooseTrainingEngine } from '../engines/training-engine.js';
import { writeModel } from '../engines/write-model.js';
import { bindModel, type InputSpec, type ModelDefinition } from '../models/definition.js';
import { modelDefinitions } from '../models/definitions.js';
import { readModel } from '../models/manifest.js';
import { countParameters } from '../models/parameters.js';
import { loadPipeline } from '../topology/load.js';
import type { ModelNode, Pipeline } from '../topology/pipeline.js';
import { calibrate } from './calibrate.js';
import { loadTrainConfig, type TrainConfig } from './config.js';
import { collectExamples, discoverInputs, type ModelInputs } from './dataset.js';
import { ceilingRow, constantRow, evaluate } from './evaluate.js';
import type { Example } from './example.js';
import { type Epoch, fitModel } from './fit.js';
import { onlyModel } from './only-model.js';
import { renderCard, type TrainingReport } from './report.js';
import { type PeopleGroup, type SimulatedSession, simulatedPeople } from './simulated-people.js';
import { fitStandardisation } from './standardise.js';

export interface TrainOptions {
  /** What runs the finished model for the report. Default `auto`. */
  readonly engine?: EngineChoice;
  readonly events?: EventSink;
  /** Told what is being done, one line at a time. */
  readonly progress?: (line: string) => void;
}

/** How long the sessions are from which a pipeline's features are read off, s. */
const DISCOVERY_S = 6;

/** A checked configuration: whatever can be found wrong without hours of data has been. */
interface Plan {
  readonly config: TrainConfig;
  readonly directory: string;
  readonly pipeline: Pipeline;
  readonly node: ModelNode;
  readonly inputs: ModelInputs;
  readonly definition: ModelDefinition<unknown>;
  readonly settings: unknown;
}

async function makePlan(path: string): Promise<Plan> {
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
  const pipeline = await loadPipeline(file);
  const node = onlyModel(pipeline);
  const { data } = config;
  const brief = { ...data, duration_s: DISCOVERY_S, people: { ...data.people, train: data.profiles.length } };
  const sessions = simulatedPeople(brief, 'train').map(({ messages }) => messages);
  const inputs = discoverInputs(pipeline, node, sessions);
  const plan = { config, directory, pipeline, node, inputs, definition, settings: settings.data };
  const [problem] = definition.problems(settings.data, inputSpecs(plan, []));
  if (problem) throw invalid(problem);
  return plan;
}

/** The model's inputs, standardised as `examples` are spread. */
function inputSpecs({ inputs, config }: Plan, examples: readonly Example[]): InputSpec[] {
  return [...inputs].map(([name, input], m) => ({
    ...input,
    name,
    standardisation: fitStandardisation(input, m, examples, config.clip_sd),
    with_mask: input.kind === 'features',
  }));
}

function collect({ config, pipeline, node, inputs }: Plan, sessions: readonly SimulatedSession[]): Example[] {
  return sessions.flatMap((session) => collectExamples(pipeline, node, inputs, session, config.data.step_s));
}

/** The model as shipped, on people that nothing saw, and what it is to be compared with. */
async function test(
  plan: Plan,
  sets: Readonly<Record<'train' | 'calibration', readonly Example[]>>,
  options: TrainOptions,
): Promise<Pick<TrainingReport, 'model' | 'engine' | 'rows' | 'ceiling' | 'baseline'>> {
  const { config, directory } = plan;
  const examples = collect(plan, simulatedPeople(config.data, 'test'));
  const loaded = await readModel(directory);
  const { engine } = await chooseEngine(options.engine ?? 'auto');
  options.progress?.(
    `testing on ${config.data.people.test} people, ${examples.length} windows, with ${engine.name}`,
  );
  const inference = await createInference(loaded, engine);
  const rows = await evaluate(
    loaded.manifest.inputs,
    examples,
    inference.predict,
    config.report.missing_rates,
  );
  const ceiling = await ceilingRow(
    loaded.manifest.inputs.length,
    sets.calibration,
    examples,
    inference.predict,
  );
  await inference.dispose();
  return {
    model: loaded.id,
    engine: engine.name,
    rows,
    ceiling,
    baseline: constantRow(sets.train, examples),
  };
}

/**
 * Trains the model that a configuration describes, writes its folder beside the configuration file, tests what was
 * written on people that nothing saw, and writes card and report. Throws `ConfigurationError` for what a person can mend.
 */
export async function train(path: string, options: TrainOptions = {}): Promise<TrainingReport> {
  const progress = options.progress ?? (() => {});
  const plan = await makePlan(path);
  const { config, directory, definition, settings } = plan;
  const sets = {} as Record<Exclude<PeopleGroup, 'test'>, Example[]>;
  for (const group of ['train', 'validation', 'calibration'] as const) {
    progress(`simulating ${config.data.people[group]} people for ${group}`);
    sets[group] = collect(plan, simulatedPeople(config.data, group));
  }
  const inputs = inputSpecs(plan, sets.train);
  const model = bindModel(definition, settings, inputs);
  const { tf, name: trainer } = await chooseTrainingEngine();
  progress(
    `training ${config.type} with ${countParameters(model.parameters)} parameters on ${sets.train.length} windows, with ${trainer}`,
  );
  const epoch = ({ epoch, loss, score }: Epoch): void =>
    progress(`epoch ${epoch}: loss ${loss.toFixed(4)}, validation ${score.toFixed(4)}`);
  const { parameters, best } = await fitModel(tf, model, sets, config.fit, { epoch });
  const executable = trainingExecutable(tf, model, parameters);
  const calibration = await calibrate(
    model,
    executable,
    sets.calibration,
    config.interval_level,
    config.fit.seed,
  );
  await executable.dispose();

  const description = {
    name: config.name,
    evidence: 'simulated',
    definition,
    settings,
    inputs,
    parameters,
    calibration,
    validity: config.validity,
    probe: sets.validation[sets.validation.length >> 1].frame,
    card: '',
  } as const;
  await mkdir(directory, { recursive: true });
  await writeModel(directory, description, tf);
  const tested = await test(plan, sets, options);
  const result: TrainingReport = {
    type: config.type,
    parameters: countParameters(model.parameters),
    pipeline: config.pipeline,
    data: config.data,
    windows: {
      train: sets.train.length,
      validation: sets.validation.length,
      calibration: sets.calibration.length,
    },
    best,
    calibration,
    ...tested,
  };
  await writeFile(join(directory, 'CARD.md'), renderCard(config, result));
  await writeFile(join(directory, 'report.json'), `${JSON.stringify(result, null, 1)}\n`);
  return result;
}
