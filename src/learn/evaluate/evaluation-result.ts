import { type BootstrapInterval, clusterBootstrap } from '../metrics/cluster-bootstrap.js';
import { meanOf, type Spread, spread } from '../metrics/spread.js';
import type { RowGroup } from './blind/contestants.js';
import type { WrittenDown } from './comparison-ledger.js';
import type { MainComparison } from './main-comparison.js';
import type { Choices, Opportunities } from './opportunities.js';
import type { PairedRow } from './paired-comparison.js';
import type { LedgerLine } from './rule/ledger.js';
import type { LocalRow } from './rule/local-rows.js';
import type { Level, MetricName, Quantity, Scores } from './scores.js';
import type { LEAKY } from './splits/split.js';
import type { Verdict } from './verdict.js';

/** One metric of one model. */
export interface Figure extends Spread {
  /** Of {@link Spread.mean}, over units drawn with replacement. */
  readonly interval: readonly [low: number, high: number];
  /** Standard deviation of the mean over training seeds; NaN of one. */
  readonly seed_sd: number;
}

export interface ModelRow {
  readonly model: string;
  readonly group: RowGroup;
  /** Each unit's, averaged over seeds, then mean and SD over units. */
  readonly figures: Readonly<Partial<Record<MetricName, Figure>>>;
  /** All units' series together, mean over seeds: a secondary figure. */
  readonly pooled: Scores;
}

/** Secondary, all of it: the main comparison is {@link EvaluationResult.main}. Each of the two is a table of its own. */
export interface Comparison {
  readonly metric: MetricName;
  /** Over people (or sessions), each the mean of its seeds. */
  readonly units: readonly PairedRow[];
  /** Over seeds, each the mean of its units: how far training itself goes apart, not people. Null of one seed. */
  readonly seeds: readonly PairedRow[] | null;
}

export interface Table {
  readonly quantity: Quantity | 'overall';
  readonly level: Level;
  readonly rows: readonly ModelRow[];
  readonly comparison: Comparison | null;
}

export interface SweepPoint {
  readonly at: number;
  /** Of the mean over units, over seeds. */
  readonly spread: Spread;
  /** Share of modalities that were really missing; null: no absences. */
  readonly share: number | null;
}

export interface SweepTable {
  readonly sweep: 'single' | 'bursts' | 'asynchrony';
  /** The one that was shifted; null for absences. */
  readonly modality: string | null;
  readonly quantity: Quantity | 'overall';
  readonly metric: MetricName;
  readonly level: Level;
  readonly models: readonly { readonly name: string; readonly points: readonly SweepPoint[] }[];
  /**
   * What each model loses of the metric from the first rate to the last, over people (or sessions), each the mean of its
   * seeds; null where nothing is compared, and of shifts.
   */
  readonly lost: readonly PairedRow[] | null;
}

export interface CoverageRow {
  readonly model: string;
  readonly quantity: Quantity;
  readonly level: number;
  /** Share of labels inside, by unit. */
  readonly covered: Spread;
  /** Mean whole width, scale -1..1. */
  readonly width: number;
  /** The same of intervals that adapt to labels as these arrive; null where labels hold for whole trials. */
  readonly adaptive: { readonly covered: Spread; readonly width: number } | null;
}

export interface SplitResult {
  readonly kind: string;
  readonly summary: string;
  readonly label: typeof LEAKY | null;
  readonly settings: unknown;
  readonly folds: number;
  readonly choices: readonly Choices[];
  /** What mean and SD are taken over. */
  readonly unit: 'person' | 'session';
  readonly tables: readonly Table[];
  /** What each row knows of changes alone. */
  readonly local: readonly LocalRow[];
  readonly sweeps: readonly SweepTable[];
  readonly coverage: readonly CoverageRow[];
  /** Area under each risk-coverage curve, by model and quantity. */
  readonly aurc: readonly { readonly model: string; readonly quantity: Quantity; readonly aurc: number }[];
  /** Of pooled windows or trials, people drawn with replacement; two classes only. */
  readonly auc: readonly { readonly model: string; readonly interval: BootstrapInterval }[];
}

/** A published figure and what we got. */
export interface PaperRow {
  /** A paper's table as it is cited, or what another work's figure is. */
  readonly source: string;
  /** The row of a paper's table; null: a figure of another work. */
  readonly row: string | null;
  /** What differs between theirs and ours, of a paper's table. */
  readonly differs: string | null;
  /** As printed. */
  readonly printed: string;
  /** Our model, or null. */
  readonly model: string | null;
  readonly quantity: Quantity | 'overall';
  readonly metric: MetricName;
  /** On the metric's own scale. */
  readonly paper: number;
  readonly paper_sd: number | null;
  readonly missing: number | null;
  /** One a split and level, in their order. */
  readonly ours: readonly {
    readonly split: number;
    readonly level: Level;
    readonly mean: number;
    readonly sd: number;
  }[];
}

/** What came of the main comparison. */
export interface MainResult {
  /** What figures, differences and tests are over. */
  readonly unit: 'person' | 'session';
  readonly model: Spread;
  readonly against: Spread;
  /** Mean of the model's figure less the other's, over units that have both. */
  readonly difference: number;
  /** Of {@link difference}, 95 %, units drawn with replacement. */
  readonly interval: readonly [low: number, high: number];
  readonly pairs: number;
  /** Two-sided p of Wilcoxon's signed-rank test, exact, and of Student's paired t test; one comparison, so uncorrected. */
  readonly wilcoxon: number;
  readonly t: number;
}

export interface EvaluationResult {
  readonly name: string;
  readonly summary: string;
  readonly notes: readonly string[];
  /** {@link LEAKY} where anything in it is. */
  readonly label: typeof LEAKY | null;
  /** Why single models are leaky, by name. */
  readonly leaky_models: readonly string[];
  /** Splits that were left out because `--leaky` was not given. */
  readonly left_out: readonly string[];
  readonly data: {
    readonly name: string;
    readonly digest: string;
    /** Digest of data.json beside the report: whose bytes, labels and streams these are. */
    readonly link: string;
    readonly simulated: boolean;
    readonly people: number;
    readonly sessions: number;
    readonly trials: number;
    readonly stimuli: number;
    readonly windows: number;
    readonly classes: readonly string[];
    readonly modalities: readonly string[];
  };
  /** Digest of folds.json beside the report. */
  readonly folds: string;
  readonly seeds: readonly number[];
  /** Null of one model alone. */
  readonly main:
    | (MainComparison &
        WrittenDown & {
          /** Null where its split was left out, or one of the two doesn't tell the quantity. */
          readonly result: MainResult | null;
          readonly label: typeof LEAKY | null;
        })
    | null;
  readonly models: readonly (Opportunities & {
    readonly name: string;
    readonly type: string;
    readonly of: string | null;
    /** Digest of its recipe; null of what `affectd train` does not make. */
    readonly recipe: string | null;
  })[];
  readonly splits: readonly SplitResult[];
  /** What each model may say of itself, by output. */
  readonly verdicts: readonly Verdict[];
  /** What else had been scored on these people, which the verdicts count. */
  readonly ledger: readonly LedgerLine[];
  readonly paper: readonly PaperRow[];
}

const INTERVAL = { resamples: 2000, level: 0.95, seed: 1 } as const;

/** Puts one metric's units together. */
export function figureOf(units: readonly number[], seedMeans: readonly number[]): Figure {
  const own = spread(units);
  const { low, high } = clusterBootstrap(units, meanOf, INTERVAL);
  return { ...own, interval: [low, high], seed_sd: spread(seedMeans).sd };
}

/** JSON text in which NaN, which JSON lacks, is null. */
export function resultJson(result: EvaluationResult): string {
  return `${JSON.stringify(result, null, 1)}\n`;
}
