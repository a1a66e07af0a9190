import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ConfigurationError } from '../core/errors.js';
import { markdownTable } from '../core/markdown-table.js';
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
        conditions: z.array(
          z.looseObject({
            name: z.string(),
            passed: z.boolean(),
            figure: z.number().nullable(),
            bound: z.number().nullable(),
            p: z.number().nullable(),
            corrected: z.number().nullable(),
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
      tables: z.array(
        z.looseObject({
          quantity: z.string(),
          level: z.string(),
          rows: z.array(z.looseObject({ model: z.string(), figures: z.record(z.string(), figure) })),
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
          row.model === model ? `**${row.model}**` : row.model,
          ...metrics.map((metric) => {
            const own = row.figures[metric];
            if (!own || own.mean === null) return '-';
            return `${number(own.mean)} ± ${number(own.sd)} [${own.interval.map(number).join(', ')}]`;
          }),
        ]);
      return markdownTable(header, lines);
    });
    return `${split.summary}${split.label ? ` (${split.label})` : ''}; mean ± SD over each ${split.unit}, and its 95 % bootstrap interval:\n\n${tables.join('\n\n')}`;
  });
  const intro = `Evaluation \`${name}\`: ${data.people} people, ${data.windows} windows. The recipe was evaluated, everything chosen within each fold's training part; the model that is shipped was then trained on the people named above.`;
  const shown = verdicts.filter((verdict) => verdict.model === model).map(verdictText);
  return { text: [intro, ...shown, ...parts].join('\n\n'), leaky: label !== null };
}

/** What the rule asks for, and what was found. */
function verdictText({ output, validated, conditions }: z.infer<typeof report>['verdicts'][number]): string {
  const table = markdownTable(
    ['asked for', 'found', 'lower bound', 'p', 'p by Holm', ''],
    conditions.map(({ name, figure, bound, p, corrected, passed, reason }) => [
      name,
      ...[figure, bound, p, corrected].map(number),
      passed ? 'passed' : `not passed: ${reason}`,
    ]),
  );
  return `May it say \`validated\` of ${output}? ${validated ? 'Yes.' : 'No.'}\n\n${table}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
