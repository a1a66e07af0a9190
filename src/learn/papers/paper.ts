/** A paper's name as citations and tables have it. */
export type PaperName = 'ATAM' | 'Hi-MoE' | 'PRNet';

/** What a citation may point at, by the word that stands before the number. */
export type PlaceKind = 'section' | 'Eq.' | 'Table' | 'Fig.';

/** A place in a paper, by the paper's own number. */
export interface Place {
  /** As printed: `7`, `III-D2`, `4a`. */
  readonly number: string;
  /** Our short name of what stands there; citations give it too, so that a wrong number is found out. */
  readonly name: string;
  /** What stands there, in our words. */
  readonly says: string;
}

/** A metric that a published table has a column of; the names are those of evaluations. */
export type PublishedMetric = 'accuracy' | 'macro_f1' | 'ccc' | 'pcc' | 'mae' | 'rmse';

export interface TableColumn {
  /** Heading. */
  readonly title: string;
  /** Data set or label that the column is of, where a table has several. */
  readonly group: string | null;
  /** What is predicted there, as evaluations call it; `overall`: what the paper calls an average. */
  readonly quantity: 'class' | 'overall' | 'valence' | 'arousal' | 'dominance' | 'liking';
  readonly metric: PublishedMetric;
  /** Whether it is printed in per cent. */
  readonly percent: boolean;
  /** Share of modalities missing; null: the table is of none. */
  readonly missing: number | null;
}

export interface TableRow {
  /** As the paper names it, with the year and modalities that tell it apart. */
  readonly name: string;
  /** [columns] as printed, `94.8 ± 7.5` where a deviation is; `-`: the cell is empty. */
  readonly cells: readonly string[];
}

export interface PublishedTable extends Place {
  /** None: the table has no figures. */
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
}

/** What one of the papers prints. Where it says nothing, nothing stands here. */
export interface Paper {
  readonly name: PaperName;
  readonly authors: string;
  readonly title: string;
  /** Where it is to be had. */
  readonly where: string;
  /** Data, protocol, averaging. */
  readonly protocol: readonly string[];
  /** Sections, as far as the numbers are known to us. */
  readonly sections: readonly Place[];
  readonly equations: readonly Place[];
  readonly tables: readonly PublishedTable[];
  /** Its graphics. */
  readonly graphics: readonly Place[];
  readonly hyperparameters: readonly string[];
  /** Where it contradicts itself, or is odd. */
  readonly contradictions: readonly string[];
  /** What it leaves open. */
  readonly unstated: readonly string[];
}

/** Rows of a table: each name with its cells, parted by blanks; `94.8±7.5` is one cell. */
export function rowsOf(rows: Readonly<Record<string, string>>): TableRow[] {
  return Object.entries(rows).map(([name, cells]) => ({
    name,
    cells: cells.split(' ').map((cell) => cell.replace('±', ' ± ')),
  }));
}

const metricTitles: Readonly<Record<PublishedMetric, string>> = {
  accuracy: 'ACC',
  macro_f1: 'F1',
  ccc: 'CCC',
  pcc: 'PCC',
  mae: 'MAE',
  rmse: 'RMSE',
};

/** A column for each of `metrics`, in their order. */
export function columnsOf(
  quantity: TableColumn['quantity'],
  metrics: readonly PublishedMetric[],
  { group = null, percent = false }: { readonly group?: string | null; readonly percent?: boolean } = {},
): TableColumn[] {
  return metrics.map((metric) => ({
    title: [group, metricTitles[metric], percent ? '(%)' : null].filter((part) => part !== null).join(' '),
    group,
    quantity,
    metric,
    percent,
    missing: null,
  }));
}

/** A column for each share of missing modalities. */
export function columnsByMissing(metric: PublishedMetric, rates: readonly number[]): TableColumn[] {
  return rates.map((missing) => ({
    title: missing.toFixed(2),
    group: null,
    quantity: 'overall',
    metric,
    percent: false,
    missing,
  }));
}
