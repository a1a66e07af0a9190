import type { MetricName } from './scores.js';

export const metricTitles: Readonly<Record<MetricName, string>> = {
  ccc: 'CCC',
  pcc: 'PCC',
  mae: 'MAE',
  rmse: 'RMSE',
  accuracy: 'ACC',
  balanced_accuracy: 'balanced ACC',
  macro_f1: 'macro-F1',
  auc: 'AUC',
  brier: 'Brier',
  nll: 'NLL',
  ece: 'ECE',
};

export const number = (value: number, digits = 3): string =>
  Number.isFinite(value) ? value.toFixed(digits) : '-';
export const plusMinus = ({ mean, sd }: { readonly mean: number; readonly sd: number }): string =>
  Number.isFinite(sd) ? `${number(mean)} ± ${number(sd)}` : number(mean);
/** With the word that everything leaky carries. */
export const marked = (text: string, label: string | null): string => (label ? `${text} (${label})` : text);
