import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ConfigurationError } from '../../core/errors.js';
import { markdownTable } from '../../core/markdown-table.js';
import type { EvaluationSummary } from './dataset-card.js';

const figure = z.looseObject({
  mean: z.number().nullable(),
  sd: z.number().nullable(),
  interval: z.tuple([z.number().nullable(), z.number().nullable()]),
});

/** What is needed of an evaluation's report.json. */
const report = z.looseObject({
  name: z.string(),
  label: z.string().nullable(),
  data: z.looseObject({ people: z.number(), windows: z.number(), digest: z.string() }),
  verdicts: z
    .array(
      z.looseObject({
        model: z.string(),
        output: z.string(),
        split: z.int(),
        validated: z.boolean(),
        corrected: z.number().nullable().default(null),
        scored: z.int().default(0),
        reason: z.string().nullable().default(null),
        conditions: z.array(
          z.looseObject({
            name: z.string(),
            passed: z.boolean(),
            figure: z.number().nullable(),
            bound: z.number().nullable(),
            p: z.number().nullable(),
            reason: z.string().nullable(),
          }),
        ),
      }),
    )
    .default([]),
  splits: z.array(
    z.looseObject({
      summary: z.string(),
      label: z.string().nullable(),
      unit: z.string(),
      local: z
        .array(
          z.looseObject({
            model: z.string(),
            group: z.string(),
            quantity: z.string(),
            metric: z.string(),
            figure: z.number().nullable(),
            bound: z.number().nullable(),
          }),
        )
        .default([]),
      tables: z.array(
        z.looseObject({
          quantity: z.string(),
          level: z.string(),
          rows: z.array(
            z.looseObject({
              model: z.string(),
              group: z.string().default('model'),
              figures: z.record(z.string(), figure),
            }),
          ),
        }),
      ),
    }),
  ),
});

const number = (value: number | null): string => (value === null ? '-' : value.toFixed(3));

/** The tables of an evaluation, its `model` first, everything it was compared with after it. */
export async function summariseEvaluation(path: string, model: string): Promise<EvaluationSummary> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigurationError(
      'training-invalid',
      `evaluation.report: ${path}: cannot be read (${cause.code}); affectd evaluate writes it`,
      { cause },
    );
  });
  const parsed = report.safeParse(parseJson(text));
  if (!parsed.success)
    throw new ConfigurationError(
      'training-invalid',
      `evaluation.report: ${path}: not a report of affectd evaluate`,
    );
  const { name, label, data, splits, verdicts } = parsed.data;
  const known = splits.flatMap(({ tables }) => tables.flatMap(({ rows }) => rows.map((row) => row.model)));
  if (!known.includes(model))
    throw new ConfigurationError(
      'training-invalid',
      `evaluation.model: ${model} is not in ${path}; it has ${[...new Set(known)].join(', ')}`,
    );
  const parts = splits.map((split) => {
    const tables = split.tables.map(({ quantity, level, rows }) => {
      const metrics = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))];
      const header = [`${quantity}, by ${level}`, ...metrics];
      const lines = [...rows]
        .sort((a, b) => Number(b.model === model) - Number(a.model === model))
        .map((row) => [
          rowTitle(row, model),
          ...metrics.map((metric) => {
            const own = row.figures[metric];
            if (!own || own.mean === null) return '-';
            return `${number(own.mean)} ± ${number(own.sd)} [${own.interval.map(number).join(', ')}]`;
          }),
        ]);
      return markdownTable(header, lines);
    });
    tables.push(...localTables(split.local, model));
    return `${split.summary}${split.label ? ` (${split.label})` : ''}; mean ± SD over each ${split.unit}, and its 95 % bootstrap interval:\n\n${tables.join('\n\n')}`;
  });
  const intro = `Evaluation \`${name}\`: ${data.people} people, ${data.windows} windows. The recipe was evaluated, everything chosen within each fold's training part; the model that is shipped was then trained on the people named above.`;
  const shown = verdicts.filter((verdict) => verdict.model === model).map(verdictText);
  return { text: [intro, ...shown, ...parts].join('\n\n'), leaky: label !== null };
}

function rowTitle({ model, group }: { readonly model: string; readonly group: string }, own: string): string {
  if (model === own) return `**${model}**`;
  return group === 'model' ? model : `${model} (${group.replaceAll('-', ' ')})`;
}

/** What each row knows of changes, its local AUC or its CCC within trials, by output. */
function localTables(local: z.infer<typeof report>['splits'][number]['local'], own: string): string[] {
  return [...new Set(local.map(({ quantity }) => quantity))].map((quantity) => {
    const rows = local.filter((row) => row.quantity === quantity);
    return markdownTable(
      [`${quantity}, changes alone`, rows[0].metric, 'lower bound'],
      [...rows]
        .sort((a, b) => Number(b.model === own) - Number(a.model === own))
        .map((row) => [rowTitle(row, own), number(row.figure), number(row.bound)]),
    );
  });
}

/** What the rule asks for, and what was found. */
function verdictText(verdict: z.infer<typeof report>['verdicts'][number]): string {
  const { output, validated, reason, corrected, scored, conditions } = verdict;
  const table = markdownTable(
    ['asked for', 'found', 'lower bound', 'p', ''],
    conditions.map((condition) => [
      condition.name,
      ...[condition.figure, condition.bound, condition.p].map(number),
      condition.passed ? 'passed' : `not passed: ${condition.reason}`,
    ]),
  );
  const together =
    corrected === null
      ? ''
      : ` Together p = ${number(corrected)}, corrected for the ${scored} models and outputs that were scored on these people (Holm).`;
  return `May it say \`validated\` of ${output}? ${validated ? 'Yes.' : `No: ${reason}.`}${together}\n\n${table}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
