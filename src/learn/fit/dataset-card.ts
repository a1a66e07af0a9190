import type { Worth } from '../../core/worth.js';
import type { Population } from '../datasets/dataset.js';
import { byPerson } from '../examples/example.js';
import type { PeopleGroups } from '../examples/people-groups.js';
import type { DatasetData, TrainConfig } from './config.js';
import { shortPath, type TrainingReport } from './report.js';

/** What a card shows of an evaluation; made by src/learn/fit/evaluation-summary.ts. */
export interface EvaluationSummary {
  /** Markdown. */
  readonly text: string;
  /** Whether anything in it is leaky. */
  readonly leaky: boolean;
}

export interface DatasetCard {
  readonly config: TrainConfig & { readonly data: DatasetData };
  readonly report: TrainingReport;
  readonly dataset: { readonly name: string; readonly source: string };
  /** Whom the data are of, as far as they say; null: images or simulated people. */
  readonly population: Population | null;
  readonly people: number;
  readonly groups: PeopleGroups;
  readonly outputs: string;
  readonly worth: Worth;
  readonly evaluation: EvaluationSummary | null;
}

function evidenceText({ evidence, reason }: Worth, isEvaluated: boolean): string {
  if (evidence === 'simulated')
    return '**This model has never seen a person.** Its data are simulated; its output for a real person means nothing.';
  if (evidence === 'validated')
    return 'It passed all that `affectd evaluate` asks for (docs/explanation/evaluations.md) on people whom it had not been trained on; the tables say how well, and for whom.';
  return isEvaluated
    ? `**It was evaluated on people whom it had not been trained on, and did not show that it reads them** (${reason}).`
    : '**Nothing was shown of what this model is worth** on people whom it was not trained on.';
}

/** For whom the evidence is: what a data set does not say stands as not said. */
function evidenceFor({ dataset, people, population }: DatasetCard): string {
  const said = (what: string, value: string | null | undefined): string => `${what} ${value ?? 'not said'}`;
  return `${people} people of ${dataset.name}; ${[
    said('ages', population?.ages),
    said('task', population?.task),
    said('place', population?.place),
  ].join('; ')}.`;
}

function inputOf({ pipeline }: TrainingReport): string {
  if (pipeline === null)
    return 'images of faces, cut out and shrunk as in the data set, pixels from 0 to 1; no pipeline serves them';
  return `the pipeline \`${shortPath(pipeline)}\`, its features standardised with the training people's mean and deviation`;
}

/** The model card of a model trained on a data set. */
export function renderDatasetCard(card: DatasetCard): string {
  const { config, report, dataset, groups, worth, evaluation } = card;
  const people = (group: keyof PeopleGroups): string =>
    `${byPerson(groups[group]).size} people (${groups[group].length} windows)`;
  return `# ${config.card?.title ?? config.name}

${evidenceText(worth, evaluation !== null)} Evidence: \`${worth.evidence}\`, in every prediction.

- Model: \`${report.model}\`
- Kind: ${report.type}, ${report.parameters.toLocaleString('en')} parameters; sizes and training in \`train.yaml\`
- Input: ${inputOf(report)}
- Output: ${card.outputs}
- Made by: \`affectd train models/${config.name}/train.yaml\`

## Use
${config.card?.use ?? 'Not said.'}

## Data
${dataset.name}. ${dataset.source}. ${config.card?.licence ?? ''}
${people('train')} to train, ${people('validation')} to choose the epoch, ${people('calibration')} for intervals and for what is still familiar.
A window outside what these people gave is told from the others: \`valid\` is false, \`reason\` is \`out-of-distribution\`.

## For whom
${evidenceFor(card)} Outside of the devices, channels, units and rates that these people wore, no prediction has evidence.

## How well it does on people it never saw
${evaluation?.text ?? 'Not evaluated.'}

## Known limits
${(config.card?.limits ?? ['Not said.']).map((limit) => `- ${limit}`).join('\n')}
`;
}
