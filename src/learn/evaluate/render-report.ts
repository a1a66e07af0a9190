import { markdownTable } from '../../core/markdown-table.js';
import { LOCAL_S } from '../metrics/local-auc.js';
import { blindContestants, blindNames, type RowGroup } from './blind/contestants.js';
import type {
  Comparison,
  EvaluationResult,
  Figure,
  ModelRow,
  PaperRow,
  SplitResult,
  SweepTable,
  Table,
} from './evaluation-result.js';
import type { Choices } from './opportunities.js';
import type { PairedRow } from './paired-comparison.js';
import { mainSection, opportunitiesSection } from './render-main.js';
import { marked, metricTitles, number, plusMinus } from './report-text.js';
import type { MetricName } from './scores.js';
import { type Condition, type ConditionName, conditionNames, type Verdict } from './verdict.js';

/** A figure of the report, in `figures/`. */
export interface ReportFigure {
  readonly file: string;
  /** What it shows. */
  readonly caption: string;
  /** Index of the split. */
  readonly split: number;
}

const groupTitles: Readonly<Record<RowGroup, string>> = {
  model: 'models',
  'sees-no-body': 'sees no body',
  'knows-the-experiment': 'knows the experiment',
};

/** The report as Markdown; the same result gives the same bytes. */
export function renderReport(result: EvaluationResult, figures: readonly ReportFigure[]): string {
  const { label, data } = result;
  const leaky = label
    ? [
        `**${label}**: parts of this report come of training and test sharing trials, or of a choice made on test data. Such figures say how well a model remembers, and nothing of new data. Each is marked.`,
      ]
    : [];
  return `${[
    `# ${marked(`Evaluation: ${result.name}`, label)}`,
    result.summary,
    ...(data.simulated
      ? ['**Simulated**: a simulator made these data, or some of them. Such figures say nothing of people.']
      : []),
    ...(result.main ? mainSection(result.main) : []),
    ...leaky,
    ...result.leaky_models.map((name) => `- ${label}: ${name} was chosen on the test part.`),
    ...(result.notes.length > 0 ? [result.notes.map((note) => `- ${note}`).join('\n')] : []),
    markdownTable(
      ['data', 'people', 'sessions', 'trials', 'stimuli', 'windows', 'modalities', 'classes'],
      [
        [
          data.name,
          ...[data.people, data.sessions, data.trials, data.stimuli, data.windows].map(String),
          data.modalities.join(', '),
          data.classes.join(', ') || '-',
        ],
      ],
    ),
    `Training seeds: ${result.seeds.join(', ')}. Data \`${data.digest}\`.`,
    ...(result.models.length > 0 ? opportunitiesSection(result) : []),
    ...result.left_out.map(
      (kind) => `Split \`${kind}\` was left out: it is leaky, and runs with \`--leaky\` only.`,
    ),
    ...verdictSection(result),
    ...result.splits.flatMap((split, s) =>
      splitSection(
        split,
        figures.filter((figure) => figure.split === s),
      ),
    ),
    ...(result.paper.length > 0 ? paperSection(result.paper, result.splits) : []),
    readingSection,
  ].join('\n\n')}\n`;
}

const readingSection = `## How to read this
CCC, PCC, MAE and RMSE are on the scale -1 to 1 of labels. Each person (or session, where a model is made for one) is measured alone, then mean ± standard
deviation (n - 1) are taken over them, in brackets the 95 % interval of the mean, people drawn with replacement; someone whose labels or predictions never
change has no CCC, PCC or AUC and is counted out. Of a dimension, ACC, macro-F1 and AUC are High against Low at the middle of the scale. p values of
comparisons are two-sided: Wilcoxon's signed-rank test, exact, and Student's paired t; in brackets corrected for all rows of their table (Holm). Seeds say how
far training goes apart, not people.

Rows that see no signal learn on the same training parts as the models:
${blindNames.map((name) => `- \`${name}\` (${groupTitles[blindContestants[name].group]}): ${blindContestants[name].summary}`).join('\n')}

What sees no body, anybody could have built without a sensor; a model that is no better has shown nothing. What knows the experiment can't be had outside it, and
tells how much of a figure the design alone would give. Local figures ask for changes: of classes the AUC of windows wholly within ${LOCAL_S} s before a change of
label against those after it, so that what drifts loses on falls what it gains on rises; of values the CCC within trials, a constant counting 0.`;

function splitSection(split: SplitResult, figures: readonly ReportFigure[]): string[] {
  const { label, unit } = split;
  return [
    `## ${marked(`Split by ${split.kind}: ${split.summary}`, label)}`,
    `${split.folds} fold${split.folds === 1 ? '' : 's'}; \`${JSON.stringify(split.settings)}\`. Mean ± SD over ${unit === 'person' ? 'people' : 'sessions'}.`,
    ...split.tables.flatMap((table) => tableSection(table, split)),
    ...localSection(split),
    ...choicesSection(split.choices, label),
    ...sweepSection(split.sweeps, label),
    ...(split.coverage.length > 0
      ? [
          `### ${marked('Prediction intervals', label)}`,
          'Conformal, from the errors on the other people; what they promise, what they held, and how wide they are. Adapting: the same once each label, as it arrives, moves the level that is asked for.',
          markdownTable(
            ['model', 'dimension', 'promised', 'held', 'width', 'held, adapting', 'width, adapting'],
            split.coverage.map(({ model, quantity, level, covered, width, adaptive }) => [
              model,
              quantity,
              number(level, 2),
              plusMinus(covered),
              number(width),
              adaptive ? plusMinus(adaptive.covered) : '-',
              adaptive ? number(adaptive.width) : '-',
            ]),
          ),
        ]
      : []),
    ...(split.aurc.length > 0
      ? [
          `### ${marked('Risk and coverage', label)}`,
          'Area under the curve of mean loss (error rate of classes; absolute error of dimensions, uncertainty being how far seeds are apart) against the share of predictions kept; lower is better.',
          markdownTable(
            ['model', 'quantity', 'AURC'],
            split.aurc.map(({ model, quantity, aurc }) => [model, quantity, number(aurc)]),
          ),
        ]
      : []),
    ...(split.auc.length > 0
      ? [
          `### ${marked('AUC over all people', label)}`,
          markdownTable(
            ['model', 'AUC', '95 % interval'],
            split.auc.map(({ model, interval: { estimate, low, high } }) => [
              model,
              number(estimate),
              `${number(low)} to ${number(high)}`,
            ]),
          ),
        ]
      : []),
    ...figures.map(({ file, caption }) => `![${marked(caption, label)}](figures/${file})`),
  ];
}

function tableSection({ quantity, level, rows, comparison }: Table, split: SplitResult): string[] {
  const { label } = split;
  const metrics = Object.keys(rows[0].figures) as MetricName[];
  const [leading] = metrics;
  const cell = (figure: Figure | undefined, isLeading: boolean): string => {
    if (!figure) return '-';
    const [low, high] = figure.interval;
    const interval = isLeading && Number.isFinite(low) ? ` [${number(low)}, ${number(high)}]` : '';
    return `${plusMinus(figure)}${interval}`;
  };
  const undefinedOf = (row: ModelRow): string => {
    const figure = row.figures[leading];
    return figure ? `${figure.counted} of ${figure.counted + figure.undefined}` : '-';
  };
  return [
    `### ${marked(`${quantity}, by ${level}`, label)}`,
    markdownTable(
      [
        'model',
        ...metrics.map((metric) => metricTitles[metric]),
        `pooled ${metricTitles[leading]}`,
        'SD over seeds',
        'counted',
      ],
      grouped(rows, (row) => [
        row.model,
        ...metrics.map((metric) => cell(row.figures[metric], metric === leading)),
        number(row.pooled[leading] ?? Number.NaN),
        number(row.figures[leading]?.seed_sd ?? Number.NaN),
        undefinedOf(row),
      ]),
    ),
    ...(comparison ? comparisonSection(comparison, split) : []),
  ];
}

/** Cells of rows, a title before each group but the models. */
function grouped<Row extends { readonly group: RowGroup }>(
  rows: readonly Row[],
  cells: (row: Row) => string[],
): string[][] {
  return rows.flatMap((row, i) => {
    const own = cells(row);
    if (row.group === 'model' || rows[i - 1]?.group === row.group) return [own];
    return [[`*${groupTitles[row.group]}:*`, ...own.slice(1).map(() => '')], own];
  });
}

function localSection({ local, label }: SplitResult): string[] {
  const quantities = [...new Set(local.map(({ quantity }) => quantity))];
  return quantities.flatMap((quantity) => {
    const rows = local.filter((row) => row.quantity === quantity);
    const isClass = quantity === 'class';
    const [problem] = rows.flatMap(({ figure, reason }) =>
      figure === null ? [reason ?? 'nothing to count'] : [],
    );
    return [
      `### ${marked(`${quantity}, changes alone`, label)}`,
      markdownTable(
        ['model', ...(isClass ? ['rises', 'falls', 'local AUC'] : ['CCC within trials']), 'lower bound'],
        grouped(rows, ({ model, rises, falls, figure, bound }) => [
          model,
          ...(isClass ? [rises, falls, figure] : [figure]).map((value) => number(value ?? Number.NaN)),
          number(bound ?? Number.NaN),
        ]),
      ),
      ...(problem ? [`No local figure where there is a dash: ${problem}.`] : []),
    ];
  });
}

const conditionTitles: Readonly<Record<ConditionName, string>> = {
  'held-out': 'people held out',
  'local-auc': 'local AUC',
  'within-trials': 'CCC within trials',
  'own-labels': 'own less others’ labels',
  'beyond-clock': 'beyond clock and masks',
  'beyond-drift': 'task less drift of rest',
};

function verdictSection({ verdicts, label }: EvaluationResult): string[] {
  if (verdicts.length === 0) return [];
  const told = verdicts.flatMap(({ conditions }) => conditions.map(({ name }) => name));
  const names = conditionNames.filter((name) => told.includes(name));
  const row = (name: readonly string[], { conditions, corrected, passed, reason }: ShownRow): string[] => [
    ...name,
    passed ? '**yes**' : 'no',
    ...names.map((own) => conditionCell(conditions.find((condition) => condition.name === own))),
    number(corrected ?? Number.NaN, 4),
    reason ?? '',
  ];
  return [
    `## ${marked('What the models may say', label)}`,
    'Whether an output is `validated`: all conditions, people being what is drawn and tested, and p below .05 once everything that was scored on these people is counted (Holm; the ledger beside this report). In brackets the 2.5th percentile over draws of people; p are one-sided.',
    markdownTable(
      [
        'model',
        'output',
        'validated',
        ...names.map((name) => conditionTitles[name]),
        'p (Holm)',
        'what is lacking',
      ],
      verdicts.flatMap((verdict) => [
        row([verdict.model, verdict.output], { ...verdict, passed: verdict.validated }),
        ...verdict.sets.map((set) =>
          row([`${verdict.model}, ${set.modalities.join(' + ')} alone`, verdict.output], {
            ...set,
            reason: null,
          }),
        ),
      ]),
    ),
  ];
}

interface ShownRow extends Pick<Verdict, 'conditions' | 'corrected' | 'reason'> {
  readonly passed: boolean;
}

function conditionCell(condition: Condition | undefined): string {
  if (!condition) return '-';
  const { name, figure, bound, p, passed } = condition;
  if (figure === null) return '-';
  const told =
    name === 'held-out'
      ? String(figure)
      : bound !== null
        ? `${number(figure)} [${number(bound)}]`
        : `${number(figure)} (p = ${number(p ?? Number.NaN, 4)})`;
  return passed ? told : `${told} ✗`;
}

function comparisonSection({ metric, units, seeds }: Comparison, { label, unit }: SplitResult): string[] {
  const table = (rows: readonly PairedRow[], over: string): string[] => [
    marked(
      `Secondary: ${metricTitles[metric]} less that of ${rows.find(({ compared }) => compared === null)!.model}, over ${over}:`,
      label,
    ),
    markdownTable(
      ['model', ...comparedHeader],
      rows.flatMap(({ model, compared }) => (compared ? [[model, ...comparedCells(compared)]] : [])),
    ),
  ];
  return [
    ...table(units, unit === 'person' ? 'people' : 'sessions'),
    ...(seeds ? table(seeds, 'training seeds') : []),
  ];
}

const comparedHeader = ['difference', 'pairs', 'p (Wilcoxon)', 'p (t)'] as const;

function comparedCells(compared: NonNullable<PairedRow['compared']>): string[] {
  const p = (one: number, corrected: number): string => `${number(one, 4)} (${number(corrected, 4)})`;
  return [
    number(compared.difference),
    String(compared.pairs),
    p(compared.wilcoxon, compared.wilcoxon_corrected),
    p(compared.t, compared.t_corrected),
  ];
}

function choicesSection(choices: readonly Choices[], label: string | null): string[] {
  if (choices.length === 0) return [];
  return [
    `### ${marked('What held-out windows chose', label)}`,
    markdownTable(
      ['model', 'configuration (folds)', 'epoch: least, median, most'],
      choices.map(({ model, configurations, epochs }) => [
        model,
        configurations.length > MOST_CONFIGURATIONS
          ? `${configurations.length} different`
          : configurations.map((one) => `${one.configuration} (${one.folds})`).join('; ') || '-',
        epochs ? `${epochs.least}, ${epochs.median}, ${epochs.most}` : '-',
      ]),
    ),
  ];
}

/** More are only counted. */
const MOST_CONFIGURATIONS = 12;

function sweepSection(sweeps: readonly SweepTable[], label: string | null): string[] {
  const titles = {
    single: 'Modalities missing, window by window',
    bursts: 'Modalities missing, in bursts',
    asynchrony: 'Out of step',
  } as const;
  return sweeps.flatMap(({ sweep, modality, quantity, metric, level, models, lost }) => {
    const [{ points }] = models;
    const shift = sweep === 'asynchrony';
    return [
      `### ${marked(`${titles[sweep]}${modality ? `: ${modality}` : ''}; ${metricTitles[metric]} of ${quantity}, by ${level}`, label)}`,
      markdownTable(
        [shift ? 'shift (s)' : 'rate', ...points.map(({ at }) => (shift ? String(at) : at.toFixed(2)))],
        [
          ...(shift
            ? []
            : [['really missing', ...points.map(({ share }) => number(share ?? Number.NaN, 2))]]),
          ...models.map(({ name, points: own }) => [name, ...own.map(({ spread }) => plusMinus(spread))]),
        ],
      ),
      ...(lost
        ? [
            marked(`Secondary: ${metricTitles[metric]} lost from the first rate to the last:`, label),
            markdownTable(
              ['model', 'lost', ...comparedHeader],
              lost.map(({ model, own, compared }) => [
                model,
                plusMinus(own),
                ...(compared ? comparedCells(compared) : comparedHeader.map(() => '-')),
              ]),
            ),
          ]
        : []),
    ];
  });
}

function paperSection(rows: readonly PaperRow[], splits: readonly SplitResult[]): string[] {
  const columns = [
    ...new Set(rows.flatMap(({ ours }) => ours.map(({ split, level }) => `${split} ${level}`))),
  ];
  const columnTitle = (column: string): string => {
    const [split, level] = column.split(' ');
    const { kind, label } = splits[Number(split)];
    return marked(`ours, ${kind} split, by ${level}`, label);
  };
  const table = (of: readonly PaperRow[], title: string, name: (row: PaperRow) => string): string =>
    markdownTable(
      [title, 'our model', 'quantity', 'metric', 'missing', 'published', ...columns.map(columnTitle)],
      of.map((row) => [
        name(row).replaceAll('*', '\\*'),
        row.model ?? '-',
        row.quantity,
        metricTitles[row.metric],
        row.missing === null ? '-' : row.missing.toFixed(2),
        row.printed.replaceAll('*', '\\*'),
        ...columns.map((column) => {
          const own = row.ours.find(({ split, level }) => `${split} ${level}` === column);
          return own ? plusMinus(own) : '-';
        }),
      ]),
    );
  const cited = new Set(rows.flatMap(({ source, row }) => (row === null ? [] : [source])));
  const others = rows.filter(({ row }) => row === null);
  return [
    '## Beside the papers',
    'Published figures as they are printed. Where a row has no model of ours beside it, its method is not here.',
    ...[...cited].flatMap((citation) => {
      const own = rows.filter(({ source }) => source === citation);
      return [`### ${citation}`, `What differs: ${own[0].differs}`, table(own, 'method', ({ row }) => row!)];
    }),
    ...(others.length > 0 ? ['### Other works', table(others, 'source', ({ source }) => source)] : []),
  ];
}
