import { markdownTable } from '../../core/markdown-table.js';
import type { Manifest } from '../../model/manifest.js';
import type { SimulatedData, TrainConfig } from './config.js';
import type { DimensionReport, EvaluationRow } from './evaluate.js';
import type { Epoch } from './fit.js';
import type { GroupWeights } from './group-weights.js';
import type { IntervalReport } from './interval-report.js';
import { intervalSection, removalSection } from './interval-section.js';
import type { RankAgreement } from './rank-agreement.js';
import type { Removal } from './removals.js';

/** What training on simulated people reports. */
export interface SimulatedReport extends TrainingReport {
  readonly data: SimulatedData;
  /** What ran the model for {@link rows}. */
  readonly engine: string;
  /** Test people of whom every window counts in {@link rows} and what follows. */
  readonly panel: number;
  readonly rows: readonly EvaluationRow[];
  readonly ceiling: EvaluationRow;
  readonly baseline: EvaluationRow;
  /** One a ranked dimension. */
  readonly ranking: readonly RankAgreement[];
  /** Of all test people; null where the model has no intervals. */
  readonly intervals: IntervalReport | null;
  /** One a modality; none of a model of one. */
  readonly removals: readonly Removal[];
}

export interface TrainingReport {
  /** `name@sha256:...` */
  readonly model: string;
  readonly type: string;
  readonly parameters: number;
  /** Null: none serves it. */
  readonly pipeline: string | null;
  readonly data: TrainConfig['data'];
  readonly windows: { readonly train: number; readonly validation: number; readonly calibration: number };
  /** What {@link Epoch.validation} is, lower being better; null where nobody was held out to choose by it. */
  readonly validation_metric: string | null;
  /** The epoch that the weights are from. */
  readonly best: Epoch;
  readonly calibration: Manifest['calibration'];
  readonly history: readonly Epoch[];
  /** By label, of the people held out for early stopping; where there are none, of those trained on. */
  readonly weights: { readonly modalities: readonly string[]; readonly groups: readonly GroupWeights[] };
}

const figure = (value: number): string => (Number.isFinite(value) ? value.toFixed(3) : '-');

function cells({ ccc, cccSd, pcc, mae, rmse, pooledCcc, covered }: DimensionReport): string[] {
  return [
    `${figure(ccc)} ± ${figure(cccSd)}`,
    figure(pcc),
    figure(mae),
    figure(rmse),
    figure(pooledCcc),
    covered === null ? '-' : `${(100 * covered).toFixed(1)} %`,
  ];
}

/** Rows as a Markdown table, two lines a row: valence, then arousal. */
function renderRows(rows: readonly EvaluationRow[]): string {
  const header = ['', 'dimension', 'CCC', 'PCC', 'MAE', 'RMSE', 'pooled CCC', 'in interval', 'windows'];
  return markdownTable(
    header,
    rows.flatMap((row) => [
      [row.name, 'valence', ...cells(row.valence), String(row.windows)],
      ['', 'arousal', ...cells(row.arousal), ''],
    ]),
  );
}

function rankingSection(ranking: readonly RankAgreement[]): string {
  if (ranking.length === 0) return '';
  const share = (value: number): string => `${(100 * value).toFixed(1)} %`;
  const table = markdownTable(
    ['dimension', 'right', 'most frequent', 'pairs'],
    ranking.map(({ dimension, pairs, accuracy, commonest }) => [
      dimension,
      share(accuracy),
      share(commonest),
      String(pairs),
    ]),
  );
  return `## Which of two moments is higher
Each window of a test person against moments of the same session, at least ten windows apart: higher, similar or lower. Always saying what is
most frequent would be right as often as the third column says.

${table}

`;
}

/** A path's last folder and file. */
export const shortPath = (path: string): string => path.split('/').slice(-2).join('/');

/** The model card of a model trained on simulated people. */
export function renderCard(config: TrainConfig, report: SimulatedReport): string {
  const { data } = report;
  const { people } = data;
  return `# ${config.name}: a demo model

**This model has never seen a person.** It was trained and tested on simulated people (docs/explanation/simulation.md), whose effects are larger and
whose bodies are kinder than reality. It shows that the software works, from raw signals to predictions. It says nothing about whether anybody's
feelings can be read from their signals, and its output for a real person means nothing. Evidence: \`simulated\`, in every prediction.

- Model: \`${report.model}\`
- Kind: ${report.type}, ${report.parameters.toLocaleString('en')} parameters; sizes and training in \`train.yaml\`
- Input: the pipeline \`${shortPath(report.pipeline!)}\`, its features standardised with the training people's mean and deviation
- Output: valence and arousal, -1..1, of the 4 s that a window holds: the label is the mean of the simulated trajectory over the window, no lag assumed
- Made by: \`affectd train models/${config.name}/train.yaml\`

## Data
${people.train} people for training (${report.windows.train} windows), ${people.validation} to choose the epoch, ${people.calibration} for the intervals, ${people.test} to
test, all different; one session of ${data.duration_s} s each, wearing in turn ${data.profiles.join(', ')}. Every window counts, the first ones too, in which the
running baselines know little.

## How well it does on simulated people it never saw
Each person by themselves, then the mean (± standard deviation) over people; CCC is 1 for perfect agreement. "Missing": each
modality is taken away from each window with that probability, one always staying. "Alone": that modality and no other. "In interval": share of labels within the
prediction interval. Every window of the first ${report.panel} test people.

${renderRows(report.rows)}

## What to compare it with
The ceiling is a linear reader of the model's outputs, for all sensors and for each alone, that sees the 15 windows before and the 15 after each window, learnt on
${report.panel} calibration people. It needs the future, so nothing live can be expected to pass it; what keeps it from 1 is the generator's own noise.

${renderRows([report.ceiling, report.baseline])}

${intervalSection(report)}${removalSection(report)}${rankingSection(report.ranking)}## Known limits
Simulated effects have no sign flips between people, valence and arousal are independent, and nothing else happens in the simulated
person's life. Where facial EMG is worn, that it says so much of valence is a property of the generator, not a finding.
`;
}
