import { agreement } from '../../core/agreement.js';
import { softmax } from '../../model/engines/inference.js';
import { onScale } from '../../model/intervals.js';
import type { ModelOutputs } from '../../model/networks/definition.js';
import type { Example } from '../examples/example.js';
import { areaUnderRoc } from '../metrics/area-under-roc.js';
import { bootstrapDraws, quantile } from '../metrics/cluster-bootstrap.js';

/** Fewer people than this show nothing (as for evidence, docs/explanation/evidence.md). */
export const LEAST_PEOPLE = 8;
const DRAWS = 1000;
const SEED = 1;
/** One-sided, of draws over people. */
const LOWER = 0.025;

/** What a person's windows say of whether something is told with skill; each figure must exceed its {@link nothing}. */
type Figures = readonly number[];

/** What the figures are where there is no skill, in their order: for values CCC and what the squared error gains; for classes AUC. */
const nothing = { values: [0, 0], sides: [0.5] } as const;

type Outputs = Pick<ModelOutputs, 'heads' | 'binary_heads' | 'classes'>;

/** Mean label of each dimension of people that the model was trained on: what a constant would say. */
export type Constants = Readonly<Partial<Record<ModelOutputs['heads'][number], number>>>;

/** Gathers, person by person, what the windows of one set of modalities show. */
export class SkillMeasure {
  readonly #people = new Map<string, Figures[]>();

  constructor(
    private readonly outputs: Outputs,
    private readonly constants: Constants,
  ) {}

  /** @param heads [n, heads], @param classes logits [n, classes] of one person's windows */
  add(examples: readonly Example[], heads: Float32Array, classes: Float32Array): void {
    const { outputs } = this;
    outputs.heads.forEach((dimension, h) => {
      const [value, label]: [number[], number[]] = [[], []];
      examples.forEach((example, i) => {
        const target = example.label.targets[dimension];
        if (target === undefined || Number.isNaN(target)) return;
        value.push(onScale(heads[i * outputs.heads.length + h]));
        label.push(target);
      });
      if (label.length < 2) return;
      if (outputs.binary_heads) this.#keep(dimension, [sideArea(value, label)]);
      else this.#keep(dimension, valueFigures(value, label, this.constants[dimension] ?? 0));
    });
    if (outputs.classes.length > 0)
      this.#keep('classes', [classArea(examples, classes, outputs.classes.length)]);
  }

  /** What is told with skill: each figure's lower bound over people exceeds what nothing would give. */
  told(): string[] {
    return [...this.#people].flatMap(([name, people]) => {
      const values = people[0].length > 1;
      const least = values ? nothing.values : nothing.sides;
      return people.length >= LEAST_PEOPLE && least.every((none, f) => bound(people, f) > none) ? [name] : [];
    });
  }

  /** A figure that doesn't exist, as an AUC of people who have one class, tells nothing of them. */
  #keep(name: string, figures: Figures): void {
    if (figures.some(Number.isNaN)) return;
    const known = this.#people.get(name);
    if (known) known.push(figures);
    else this.#people.set(name, [figures]);
  }
}

function bound(people: readonly Figures[], figure: number): number {
  const mean = (drawn: readonly Figures[]): number =>
    drawn.reduce((sum, own) => sum + own[figure], 0) / drawn.length;
  return quantile(bootstrapDraws(people, mean, DRAWS, SEED), LOWER);
}

/** CCC, 0 of a constant series; and how much less the mean squared error is than the constant's. */
function valueFigures(value: readonly number[], label: readonly number[], constant: number): Figures {
  const { ccc, rmse } = agreement(value, label);
  const squares = label.reduce((sum, own) => sum + (own - constant) * (own - constant), 0) / label.length;
  return [Number.isNaN(ccc) ? 0 : ccc, squares - rmse * rmse];
}

/** AUC of High against Low; the middle of the scale is Low. */
function sideArea(value: readonly number[], label: readonly number[]): number {
  return areaUnderRoc(
    value,
    label.map((own) => own > 0),
  );
}

/** Mean over classes of the AUC of each against the rest, of the classes that this person has. */
function classArea(examples: readonly Example[], logits: Float32Array, classes: number): number {
  const rows = examples.flatMap(({ label }, i) => (label.class === null ? [] : [{ label: label.class, i }]));
  const probabilities = rows.map(({ i }) => softmax(logits.subarray(i * classes, (i + 1) * classes)));
  const areas = Array.from({ length: classes }, (_, c) =>
    areaUnderRoc(
      probabilities.map((row) => row[c]),
      rows.map(({ label }) => label === c),
    ),
  ).filter((area) => !Number.isNaN(area));
  return areas.length > 0 ? areas.reduce((sum, area) => sum + area, 0) / areas.length : Number.NaN;
}
