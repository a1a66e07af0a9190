import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { ConfigurationError } from '../../core/errors.js';
import { ratedDimensions } from '../datasets/dataset.js';
import { exampleSettings } from '../examples/example-set.js';
import { loadYaml } from '../examples/load-yaml.js';
import { type FitSettings, fitSettings } from '../fit/fit-settings.js';
import { publishedTables } from '../papers/citation.js';
import { blindNames } from './blind/contestants.js';
import { isSolved, modelSettingsSchemas } from './contestants/model-settings.js';
import { mainComparison, mainProblem } from './main-comparison.js';
import { mergePatch } from './merge-patch.js';
import { missingRates } from './missing/rates.js';
import { withValues } from './random-search.js';
import { metricNames } from './scores.js';
import { splitSettings } from './splits/split.js';

const record = z.record(z.string(), z.unknown());
const name = z.string().min(1);

const modelSettings = z.strictObject({
  name: name.describe('What the report calls it.'),
  type: z
    .string()
    .describe(
      'Kind of model, or `decision-fusion`, or one that is solved: `logistic`, `ridge`, `linear-svm`.',
    ),
  modalities: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('Only these; the others are absent from training on.'),
  select: z
    .strictObject({
      features: z.int().positive().describe('How many, of all modalities together.'),
      by: z.union([z.literal('class'), z.enum(ratedDimensions)]).describe('What they are to tell apart.'),
    })
    .optional()
    .describe('The best features by Fisher’s criterion, chosen on each fold’s training part.'),
  settings: record.describe("The model's sizes; the type's own schema."),
  fit: record
    .optional()
    .describe(
      'As in a training configuration, without `seed` and `validation_missing`; what is solved has none.',
    ),
  clip_sd: z.number().positive().nullable().default(5).describe('Limit of standardised inputs, in SDs.'),
  with_mask: z.boolean().default(true).describe('The model gets each feature’s mask beside its value.'),
  label_range: z
    .number()
    .positive()
    .optional()
    .describe('Training sees only labels within ± this, on the scale -1..1.'),
  draw: z
    .record(z.string(), z.tuple([z.int(), z.int()]))
    .optional()
    .describe(
      'With `search`: paths within `settings`, such as `transforms.eeg.0`, and the whole numbers each is drawn from. What is solved tries a grid of penalties instead.',
    ),
  exception: z
    .strictObject({
      history: z.int().min(1).optional().describe('Windows that it sees at once, whatever the others see.'),
      configurations: z.int().min(1).optional().describe('How many it tries, whatever the others try.'),
      reason: z.string().min(1).describe('Why; in the report.'),
    })
    .refine(
      ({ history, configurations }) => history !== undefined || configurations !== undefined,
      'it excepts the model from nothing; say its history or its configurations, or leave it out',
    )
    .optional()
    .describe('A model that gets something other than the rest. The main comparison is between none such.'),
});

const ablation = z.strictObject({
  name,
  of: z.string().describe('The model that it is a variant of.'),
  settings: record.optional().describe('Patch of its settings: null takes a key away.'),
  fit: record.optional().describe('Patch of its fit.'),
  label_range: z.number().positive().optional(),
});

const paperFigure = z.strictObject({
  source: z.string().describe('Table, and the row’s name where it is not a model of ours.'),
  model: z.string().nullable().default(null).describe('Our model to set beside it; null: we have none.'),
  quantity: z
    .union([z.literal('class'), z.literal('overall'), z.enum(ratedDimensions)])
    .describe('`overall`: mean over the dimensions.'),
  metric: z.enum(metricNames),
  value: z.number(),
  sd: z.number().optional(),
  missing: z.number().optional().describe('Share of modalities missing, for figures of the sweep.'),
});

const paperTable = z.strictObject({
  table: z
    .enum([...publishedTables.keys()])
    .describe(
      'A table of one of the three papers, as docs/reference/papers.md cites it; all its rows are printed.',
    ),
  columns: z
    .string()
    .nullable()
    .default(null)
    .describe('Data set or label whose columns are wanted, as the headings begin; null: all.'),
  ours: z
    .record(z.string(), z.string())
    .default({})
    .describe('Our model by the row that it is set beside; other rows have the published figures alone.'),
  differs: z.string().min(1).describe('What differs between theirs and ours: data, protocol, methods.'),
});

export const evaluateConfigSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  summary: z.string().min(1).describe('What it is for, in the report.'),
  notes: z.array(z.string()).default([]).describe('What a reader must know, in the report.'),
  pipeline: z.string().optional().describe('Pipeline file, relative to this one; for data sets of signals.'),
  data: exampleSettings,
  splits: z
    .array(splitSettings)
    .min(1)
    .describe('How data are held out. Leaky ones are run only with `--leaky`.'),
  validation_share: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.2)
    .describe('Of the training part, held out by the same unit for early stopping.'),
  validation: z
    .enum(['held-out', 'none'])
    .default('held-out')
    .describe('`none`, for papers that name no validation set: all of it trains; then keep the last epoch.'),
  inner_folds: z
    .int()
    .min(0)
    .default(5)
    .describe(
      'Folds by people within each training part, for what a model adds to a clock; only where people are held out. 0: none, and no model is validated.',
    ),
  validation_missing: z
    .number()
    .min(0)
    .max(0.95)
    .default(0.3)
    .describe('The validation loss is the mean of that with all modalities and with this share missing.'),
  search: z
    .strictObject({
      configurations: z.int().min(2).describe('How many each model tries.'),
      choose_on: z.enum(['validation', 'test']).default('validation').describe('`test` is LEAKY.'),
    })
    .optional()
    .describe('Of so many configurations each model keeps the one with the lowest loss, fold by fold.'),
  history: z
    .int()
    .min(2)
    .optional()
    .describe('Windows that every model sees at once, the newest last; default: the newest alone.'),
  split_seed: z.int().default(1),
  seeds: z.array(z.int()).min(1).default([1]).describe('Each model is trained once with each.'),
  models: z.array(modelSettings).default([]),
  ablations: z.array(ablation).default([]),
  main: mainComparison
    .optional()
    .describe('Needed with two models or more: what is asked, written down before the first run.'),
  levels: z
    .array(z.enum(['trial', 'window']))
    .min(1)
    .optional()
    .describe(
      'What is counted: windows, or their means over trials. Default: trials where labels hold for a trial.',
    ),
  sweeps: z
    .strictObject({
      missing: z
        .strictObject({
          rates: z
            .array(z.number().min(0).max(0.95))
            .min(1)
            .default([...missingRates]),
          burst_windows: z.number().min(1).default(4).describe('Mean length of bursts, windows.'),
          train: z
            .enum(['once', 'each-rate'])
            .default('once')
            .describe(
              '`each-rate`: trained anew for each rate with as much missing, as one sentence of Hi-MoE has it.',
            ),
        })
        .optional(),
      asynchrony: z
        .strictObject({
          shifts_s: z
            .array(z.number())
            .min(1)
            .default([-4, -2, 0, 2, 4])
            .describe('Each modality is shifted by each of these, to whole hops.'),
        })
        .optional(),
    })
    .prefault({}),
  interval_level: z.number().gt(0).lt(1).default(0.9),
  paper_tables: z.array(paperTable).default([]).describe("The papers' tables to print ours beside."),
  paper: z.array(paperFigure).default([]).describe('Published figures of other works to print beside ours.'),
});
export type EvaluateConfig = z.infer<typeof evaluateConfigSchema>;
export type PaperFigure = EvaluateConfig['paper'][number];
export type PaperTable = EvaluateConfig['paper_tables'][number];

/** A model of an evaluation, ablations too, all checked that can be without data. */
export interface ModelPlan {
  readonly name: string;
  readonly type: string;
  /** Name of the model that it is an ablation of, or null. */
  readonly of: string | null;
  readonly modalities: readonly string[] | null;
  readonly select: EvaluateConfig['models'][number]['select'] | null;
  /** Windows at once; null: one. */
  readonly history: number | null;
  /** Not yet parsed: a search draws some of them. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** With seed 0; null: nothing is fitted by steps. */
  readonly fit: FitSettings | null;
  readonly clip_sd: number | null;
  readonly with_mask: boolean;
  readonly label_range: number | null;
  /** Null: there is one configuration. What is solved draws nothing. */
  readonly search:
    | (NonNullable<EvaluateConfig['search']> & {
        readonly draw: NonNullable<EvaluateConfig['models'][number]['draw']>;
      })
    | null;
  readonly validation_missing: number;
  readonly exception: EvaluateConfig['models'][number]['exception'] | null;
}

export interface LoadedEvaluateConfig {
  readonly config: EvaluateConfig;
  readonly models: readonly ModelPlan[];
  /** What relative paths are relative to. */
  readonly directory: string;
  /** Absolute; null: none. */
  readonly pipeline: string | null;
}

/** Reads and checks an evaluation's configuration. Throws `ConfigurationError` that names the place. */
export async function loadEvaluateConfig(path: string): Promise<LoadedEvaluateConfig> {
  const config = await loadYaml(path, evaluateConfigSchema, {
    unreadable: (message, options) => new ConfigurationError('evaluation-unreadable', message, options),
    invalid: (message) => new ConfigurationError('evaluation-invalid', message),
  });
  const directory = dirname(resolve(path));
  const models = planModels(path, config);
  const names = models.map((model) => model.name);
  const solved = models.find(({ fit }) => fit === null);
  if (solved && config.sweeps.missing?.train === 'each-rate')
    throw invalid(path, `sweeps.missing.train: ${solved.name} has no dropout to train with; train: once`);
  const problem = mainProblem(config.main, models, config);
  if (problem !== null) throw invalid(path, problem);
  for (const [i, { model }] of config.paper.entries())
    if (model !== null && !names.includes(model))
      throw invalid(path, `paper.${i}.model: ${model} is not one of ${names.join(', ')}`);
  checkPaperTables(path, config.paper_tables, names);
  const pipeline = config.pipeline === undefined ? null : resolve(directory, config.pipeline);
  return { config, models, directory, pipeline };
}

function checkPaperTables(path: string, tables: readonly PaperTable[], models: readonly string[]): void {
  for (const [i, { table, columns, ours }] of tables.entries()) {
    const published = publishedTables.get(table)!;
    const groups = [...new Set(published.columns.flatMap(({ group }) => group ?? []))];
    const rows = published.rows.map(({ name: row }) => row);
    const at = `paper_tables.${i}`;
    if (tables.findIndex((other) => other.table === table) !== i)
      throw invalid(path, `${at}.table: ${table} is there twice; keep one`);
    if (columns !== null && !groups.includes(columns))
      throw invalid(
        path,
        `${at}.columns: ${columns} is not one of ${groups.join(', ') || 'none: leave it out'}`,
      );
    for (const [row, model] of Object.entries(ours)) {
      if (!rows.includes(row))
        throw invalid(path, `${at}.ours: ${row} is not a row; those are ${rows.join('; ')}`);
      if (!models.includes(model))
        throw invalid(path, `${at}.ours.${row}: ${model} is not one of ${models.join(', ')}`);
    }
  }
}

export function invalid(path: string, problem: string): ConfigurationError {
  return new ConfigurationError('evaluation-invalid', `${path}: ${problem}`);
}

function parsed<T>(path: string, place: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(path, `${[place, ...issue.path].join('.')}: ${issue.message}`);
}

/** Seeds and what holds for every model alike stand at the top, not in one model's `fit`. */
const ELSEWHERE = { seed: 'seeds', validation_missing: 'validation_missing' } as const;

function planModels(path: string, config: EvaluateConfig): ModelPlan[] {
  const plans: ModelPlan[] = [];
  const { validation, validation_missing } = config;
  const add = (place: string, model: EvaluateConfig['models'][number], of: string | null): void => {
    if (plans.some((other) => other.name === model.name))
      throw invalid(path, `${place}.name: there are two models called ${model.name}`);
    if (blindNames.some((own) => own === model.name))
      throw invalid(path, `${place}.name: ${model.name} is the name of a row that every report has`);
    const schema = modelSettingsSchemas.get(model.type);
    if (!schema)
      throw invalid(
        path,
        `${place}.type: ${model.type} is not one of ${[...modelSettingsSchemas.keys()].join(', ')}`,
      );
    const solved = isSolved(model.type, model.settings);
    if (solved && model.fit)
      throw invalid(path, `${place}.fit: ${model.type} is solved, not fitted by steps; leave it out`);
    if (!solved && !model.fit) throw invalid(path, `${place}.fit: ${model.type} needs it`);
    for (const [key, top] of Object.entries(ELSEWHERE))
      if (model.fit && key in model.fit)
        throw invalid(
          path,
          `${place}.fit.${key}: it holds for all models; it stands at the top as \`${top}\``,
        );
    const fit = model.fit
      ? parsed(path, `${place}.fit`, fitSettings, { ...model.fit, seed: 0, validation_missing })
      : null;
    const search = searchOf(path, place, config, model, solved);
    if (validation === 'none' && fit?.keep === 'best' && search?.choose_on !== 'test')
      throw invalid(path, `${place}.fit.keep: with validation: none there is no best epoch; keep: last`);
    const { steps } = parsed(path, `${place}.settings`, schema, model.settings) as { steps?: number };
    const history = model.exception?.history ?? config.history ?? 1;
    if (steps !== undefined && steps !== history)
      throw invalid(
        path,
        `${place}.settings.steps: ${steps}, but it sees ${history} windows; \`history\` at the top gives every model so many, \`exception\` this one alone`,
      );
    plans.push({
      name: model.name,
      type: model.type,
      of,
      modalities: model.modalities ?? null,
      select: model.select ?? null,
      history: history > 1 ? history : null,
      settings: model.settings,
      fit,
      clip_sd: model.clip_sd,
      with_mask: model.with_mask,
      label_range: model.label_range ?? null,
      search,
      validation_missing,
      exception: model.exception ?? null,
    });
  };
  for (const [i, model] of config.models.entries()) add(`models.${i}`, model, null);
  for (const [i, { name: own, of, settings, fit, label_range }] of config.ablations.entries()) {
    const base = config.models.find((model) => model.name === of);
    if (!base) throw invalid(path, `ablations.${i}.of: there is no model called ${of}`);
    const patched = {
      ...base,
      name: own,
      settings: mergePatch(base.settings, settings ?? {}) as Record<string, unknown>,
      ...((base.fit ?? fit) && { fit: mergePatch(base.fit ?? {}, fit ?? {}) as Record<string, unknown> }),
      ...(label_range !== undefined && { label_range }),
    };
    add(`ablations.${i}`, patched, of);
  }
  return plans;
}

/** As many configurations for a model as for all others, all of which its settings allow. */
function searchOf(
  path: string,
  place: string,
  { search, validation }: EvaluateConfig,
  { type, settings, draw, exception }: EvaluateConfig['models'][number],
  solved: boolean,
): ModelPlan['search'] {
  const configurations = exception?.configurations ?? search?.configurations ?? 1;
  const choose_on = search?.choose_on ?? 'validation';
  if (draw && solved) throw invalid(path, `${place}.draw: ${type} tries a grid of penalties; leave it out`);
  if (draw && configurations < 2) throw invalid(path, `${place}.draw: nothing is drawn without \`search\``);
  if (configurations < 2) return null;
  if (validation === 'none' && choose_on === 'validation')
    throw invalid(
      path,
      `${place}: ${configurations} configurations, but with validation: none there is nothing to choose on; validation: held-out`,
    );
  if (solved) return { configurations, choose_on, draw: {} };
  if (!draw || Object.keys(draw).length === 0)
    throw invalid(
      path,
      `${place}.draw: missing; it tries ${configurations} configurations as all models do; say what is drawn, or make it an \`exception\` with its reason`,
    );
  for (const bound of [0, 1])
    try {
      const values = Object.entries(draw).map(([key, bounds]) => [key, bounds[bound]] as const);
      parsed(
        path,
        `${place}.settings`,
        modelSettingsSchemas.get(type)!,
        withValues(settings, new Map(values)),
      );
    } catch (error) {
      if (error instanceof RangeError) throw invalid(path, `${place}.${error.message}`);
      throw error;
    }
  return { configurations, choose_on, draw };
}
