import { describe, expect, it } from 'vitest';
import type { SplitResult } from '../../../src/learn/evaluate/evaluation-result.js';
import { paperRows } from '../../../src/learn/evaluate/paper-rows.js';

const MISSING = 'Hi-MoE, Table 8 (missing rates, EEG and PPS)';
const REGRESSION = 'Hi-MoE, Table 2 (regression)';

/** A split in which model `net` has an overall CCC of 0.3, 0.2 with a tenth missing. */
const split = {
  tables: [
    {
      quantity: 'overall',
      level: 'trial',
      rows: [{ model: 'net', figures: { ccc: { mean: 0.3, sd: 0.1 } } }],
    },
  ],
  sweeps: [
    {
      sweep: 'single',
      quantity: 'overall',
      metric: 'ccc',
      level: 'trial',
      models: [{ name: 'net', points: [{ at: 0.1, spread: { mean: 0.2, sd: 0.05 } }] }],
    },
  ],
} as unknown as SplitResult;

const table = (citation: string, ours: Record<string, string>, columns: string | null = null) =>
  paperRows({ paper_tables: [{ table: citation, columns, ours, differs: 'data' }], paper: [] }, [split]);

describe('paperRows', () => {
  it('prints every row of a table, ours beside the rows that have a model', () => {
    const rows = table(REGRESSION, { 'Ours: EEG, PPS': 'net' }, 'DREAMER');
    expect(rows.map(({ row }) => row)).toEqual(
      [
        'Late Fusion (2017): EEG, PPS',
        'TACOFormer* (2023): EEG, PPS',
        'Ours: EEG, PPS',
        'IANet* (2024): EEG, EOG, EMG, EDA',
        'Ours: EEG, EOG, EMG, EDA',
      ].flatMap((row) => [row, row, row]),
    );
    const [late, , , , , , ccc, pcc] = rows;
    expect(late).toEqual({
      source: REGRESSION,
      row: 'Late Fusion (2017): EEG, PPS',
      differs: 'data',
      printed: '0.370',
      model: null,
      quantity: 'overall',
      metric: 'ccc',
      paper: 0.37,
      paper_sd: null,
      missing: null,
      ours: [],
    });
    expect(ccc).toMatchObject({
      printed: '0.9571',
      model: 'net',
      ours: [{ split: 0, level: 'trial', mean: 0.3, sd: 0.1 }],
    });
    expect(pcc.ours).toEqual([]);
  });

  it('sets a rate’s own figure beside each missing rate', () => {
    const ours = table(MISSING, { 'Ours (Full)': 'net' }).filter(({ model }) => model === 'net');
    expect(ours.map(({ missing, printed }) => [missing, printed])[2]).toEqual([0.1, '0.9205']);
    expect(ours.flatMap(({ missing, ours: found }) => found.map(({ mean }) => [missing, mean]))).toEqual([
      [0.1, 0.2],
    ]);
  });
});
