import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Clock } from '../../core/clock.js';
import { digestOf, digestOfBytes } from '../../core/digest.js';
import { ConfigurationError } from '../../core/errors.js';
import { loadTfjsWasm } from '../../model/engines/tfjs-wasm.js';
import type { TrainingEngineChoice } from '../../model/engines/training-engine.js';
import { loadPipeline } from '../../pipeline/file/load.js';
import type { Pipeline } from '../../pipeline/file/pipeline.js';
import { ratedDimensions } from '../datasets/dataset.js';
import { dataLink } from '../examples/data-link.js';
import { type ExampleSet, loadExamples } from '../examples/example-set.js';
import { DATA_FILE, FOLDS_FILE, linkText } from '../fit/link-evidence.js';
import type { SplitOutcomes } from './assemble.js';
import { chooseFoldEngine } from './choose-fold-engine.js';
import { COMPARISONS_FILE, ComparisonLedger, type WrittenDown } from './comparison-ledger.js';
import { modelProblems } from './contestants/model.js';
import { invalid, type LoadedEvaluateConfig, loadEvaluateConfig } from './evaluate-config.js';
import { type EvaluationResult, resultJson } from './evaluation-result.js';
import { dataDigest, foldsFolder, keptFolds } from './fold-cache.js';
import type { EvaluationData } from './fold-task.js';
import { judgeSplits } from './judge-splits.js';
import { measureLatency, renderLatency } from './latency.js';
import type { MainComparison } from './main-comparison.js';
import { mainResult } from './main-result.js';
import { modelRecipe, planRecipe } from './model-recipe.js';
import { opportunitiesOf } from './opportunities.js';
import { paperRows } from './paper-rows.js';
import { drawFigures } from './render-figures.js';
import { renderReport } from './render-report.js';
import { LEDGER_FILE, Ledger, type LedgerLine } from './rule/ledger.js';
import { linkedFolds } from './splits/linked-folds.js';
import { LEAKY, leakLabel, makeSplit, type SplitSettings } from './splits/split.js';
import { unitOf } from './splits/unit.js';
import { splitResult } from './tabulate.js';

export interface EvaluateOptions {
  /** Folder of the report, made where it is missing. */
  readonly out: string;
  /** Runs leaky splits and choices, which are left out or refused otherwise. */
  readonly leaky: boolean;
  /** Threads; 1 computes in this one. */
  readonly workers: number;
  /** Of the program: what another version computed is not taken for its own. */
  readonly version: string;
  readonly clock: Clock;
  /** Folder in which a data set's examples are kept for the next time; default: none. */
  readonly cache?: string | null;
  /** What was scored before, so that a report is repeated; default: what `ledger.jsonl` beside the report's folder has, to which is added. */
  readonly ledger?: readonly LedgerLine[];
  /** Most of a data set's examples that is held in memory, bytes; default: a quarter of it. */
  readonly memory?: number;
  /** What trains; default: WebAssembly in every thread, and for images what `affectd train` chooses. */
  readonly engine?: TrainingEngineChoice;
  /** When the main comparison was written down, where another report already tells; default: its ledger tells. */
  readonly written?: WrittenDown;
  readonly signal: AbortSignal;
  /** Told what is being done, one line at a time. */
  readonly progress?: (line: string) => void;
}

/** Splits that are run and those that are left out. Throws `ConfigurationError` where nothing is left to run. */
function chosenSplits(
  path: string,
  { config, models }: LoadedEvaluateConfig,
  leaky: boolean,
): { readonly run: readonly SplitSettings[]; readonly left_out: readonly string[] } {
  const isLeaky = (split: SplitSettings): boolean => leakLabel(split) !== null;
  const onTest = models.find(({ search }) => search?.choose_on === 'test');
  if (onTest && !leaky)
    throw new ConfigurationError(
      'evaluation-leaky',
      `${path}: model ${onTest.name} is chosen on test data; --leaky runs it, and says so in every output`,
    );
  const run = config.splits.filter((split) => leaky || !isLeaky(split));
  if (run.length === 0)
    throw new ConfigurationError(
      'evaluation-leaky',
      `${path}: every split shares trials between training and test; --leaky runs it, and says so in every output`,
    );
  return { run, left_out: leaky ? [] : config.splits.filter(isLeaky).map(({ kind }) => kind) };
}

function dataOf({ examples, inputs, classes }: ExampleSet): EvaluationData {
  const dimensions = ratedDimensions.filter((dimension) =>
    examples.some(({ label }) => label.targets[dimension] !== undefined),
  );
  return { examples, inputs, classes, dimensions, hop_s: usualHop(examples) };
}

/** Median time from one window of a trial to the next, s. */
function usualHop(examples: EvaluationData['examples']): number {
  const hops = examples.flatMap((example, i) => {
    const before = examples[i - 1];
    const same = before && unitOf.trial(before) === unitOf.trial(example);
    return same && example.window[0] > before.window[0] ? [example.window[0] - before.window[0]] : [];
  });
  const sorted = Float64Array.from(hops).sort();
  return sorted.length > 0 ? sorted[sorted.length >> 1] : 1;
}

/**
 * Evaluates what a configuration describes and writes report, result and figures. Folds that an earlier run finished are
 * not computed again. The same data and configuration give the same bytes, whatever the number of threads; only the
 * measured latency differs, and stands in files of its own.
 */
export async function evaluate(path: string, options: EvaluateOptions): Promise<EvaluationResult> {
  const progress = options.progress ?? (() => {});
  const loaded = await loadEvaluateConfig(path);
  const { config } = loaded;
  const { run, left_out } = chosenSplits(path, loaded, options.leaky);
  for (const kind of left_out) progress(`split ${kind} is left out: it is leaky, and runs with --leaky only`);
  const pipeline = loaded.pipeline === null ? null : await loadPipeline(loaded.pipeline);
  const set = await loadExamples(config.data, { ...options, pipeline, directory: loaded.directory });
  try {
    return await evaluateOn(path, loaded, pipeline, set, { run, left_out }, options);
  } finally {
    await set.close();
  }
}

async function evaluateOn(
  path: string,
  loaded: LoadedEvaluateConfig,
  pipeline: Pipeline | null,
  set: ExampleSet,
  { run, left_out }: ReturnType<typeof chosenSplits>,
  options: EvaluateOptions,
): Promise<EvaluationResult> {
  const progress = options.progress ?? (() => {});
  const { config, models } = loaded;
  const data = dataOf(set);
  for (const model of models) {
    const [problem] = modelProblems(model, data.inputs, data.classes);
    if (problem) throw invalid(path, `model ${model.name}: ${problem}`);
  }
  const share = config.validation === 'none' ? 0 : config.validation_share;
  const splits = run.map((settings) => ({
    settings,
    split: makeSplit(settings, data.examples, share, config.split_seed),
  }));

  const link = await dataLink(set.dataset, config.data.people ?? set.dataset.people, {
    ...options,
    settings: config.data.dataset,
    directory: loaded.directory,
  });
  const linked = {
    [DATA_FILE]: linkText(link),
    [FOLDS_FILE]: linkText(
      linkedFolds(
        splits.map(({ split }) => split),
        data.examples,
      ),
    ),
  };
  const digest = dataDigest(data);
  const ledger = await openLedger(options);
  const written = await writeDownMain(path, loaded, data, digest, options);
  const engine = await chooseFoldEngine(path, models, set, options);
  const recipes = models.map((model) => modelRecipe(model, config.data, pipeline));
  const name = String(config.data.dataset.name ?? config.data.dataset.kind);
  const judged = await judgeSplits(
    loaded,
    splits,
    {
      data,
      digest,
      shared: set.shared,
      loadEngine: engine && (async () => engine),
      name,
      simulated: link.simulated,
      recipes: models.map((model, m) => digestOf(recipes[m] ?? planRecipe(model, config.data, pipeline))),
      ledgerOn: (people) => ledger.on(people),
    },
    options,
  ).finally(() => engine?.device?.close());
  const { facts, splits: outcomes } = judged;
  const reference = config.main?.model ?? models[0]?.name ?? null;
  const results = outcomes.map((own) => splitResult(data, facts, own, config, reference));
  const leaky_models = models.filter(({ search }) => search?.choose_on === 'test').map(({ name }) => name);
  const count = (key: (example: EvaluationData['examples'][number]) => string): number =>
    new Set(data.examples.map(key)).size;
  const result: EvaluationResult = {
    name: config.name,
    summary: config.summary,
    notes: config.notes,
    label: leaky_models.length > 0 || results.some(({ label }) => label !== null) ? LEAKY : null,
    leaky_models,
    left_out,
    data: {
      name,
      digest,
      link: digestOfBytes(linked[DATA_FILE]),
      simulated: link.simulated,
      people: count(unitOf.subject),
      sessions: count(unitOf.session),
      trials: count(unitOf.trial),
      stimuli: new Set(data.examples.flatMap(({ stimulus }) => stimulus ?? [])).size,
      windows: data.examples.length,
      classes: data.classes,
      modalities: [...data.inputs.keys()],
    },
    folds: digestOfBytes(linked[FOLDS_FILE]),
    seeds: config.seeds,
    main: config.main && written ? mainOf(config.main, written, data, config, outcomes) : null,
    models: models.map((plan, m) => {
      const { name, type, of } = plan;
      const recipe = recipes[m];
      return {
        name,
        type,
        of,
        recipe: recipe && digestOf(recipe),
        ...opportunitiesOf(plan, data.inputs, config),
      };
    }),
    splits: results,
    verdicts: judged.verdicts,
    ledger: judged.ledger,
    paper: paperRows(config, results),
  };
  await write(result, data, outcomes, options.out);
  await ledger.add(judged.lines);
  for (const [file, text] of Object.entries(linked)) await writeFile(join(options.out, file), text);
  if (models.length > 0) {
    progress('measuring latency');
    const rows = await measureLatency(await loadTfjsWasm(), models, data, options.clock);
    await writeFile(join(options.out, 'latency.json'), `${JSON.stringify(rows, null, 1)}\n`);
    await writeFile(join(options.out, 'latency.md'), renderLatency(rows));
  }
  return result;
}

/** The ledger beside a report's folder, or the lines that are told, to which nothing is added. */
async function openLedger({ out, ledger }: EvaluateOptions): Promise<Pick<Ledger, 'on' | 'add'>> {
  return ledger ? new Ledger(null, ledger) : Ledger.open(join(dirname(resolve(out)), LEDGER_FILE));
}

/** Writes the main comparison down, with everything that it is made of, before a fold of it is computed. */
async function writeDownMain(
  path: string,
  { config, models }: LoadedEvaluateConfig,
  data: EvaluationData,
  digest: string,
  { out, clock, written }: EvaluateOptions,
): Promise<WrittenDown | null> {
  const { main, splits, seeds, validation, validation_share, split_seed } = config;
  if (!main) return null;
  if (main.quantity === 'class' && main.metric === 'auc' && data.classes.length !== 2)
    throw invalid(path, `main.metric: auc is of two classes; the data have ${data.classes.length}`);
  const compared = [main.model, main.against].map((name) => models.find((model) => model.name === name));
  const made = digestOf({
    main,
    compared,
    split: splits[main.split - 1],
    seeds,
    validation,
    validation_share,
    split_seed,
    data: digest,
  });
  if (written?.digest === made) return written;
  return new ComparisonLedger(join(out, COMPARISONS_FILE)).writeDown(
    made,
    main,
    () => keptFolds(foldsFolder(out)),
    clock.unix(),
  );
}

/** The main comparison with what came of it. */
function mainOf(
  main: MainComparison,
  written: WrittenDown,
  data: EvaluationData,
  { splits }: LoadedEvaluateConfig['config'],
  outcomes: readonly SplitOutcomes[],
): EvaluationResult['main'] {
  const split = outcomes.findIndex(({ settings }) => settings === splits[main.split - 1]);
  return {
    ...main,
    ...written,
    // Where the split was left out there is nothing to tell.
    result: split < 0 ? null : mainResult(data, outcomes[split], main),
    label: outcomes[split]?.split.label ?? null,
  };
}

async function write(
  result: EvaluationResult,
  data: EvaluationData,
  outcomes: readonly SplitOutcomes[],
  out: string,
): Promise<void> {
  const figures = drawFigures(data, outcomes, result);
  await mkdir(join(out, 'figures'), { recursive: true });
  for (const { file, svg } of figures) await writeFile(join(out, 'figures', file), svg);
  await writeFile(join(out, 'report.json'), resultJson(result));
  await writeFile(join(out, 'report.md'), renderReport(result, figures));
}
