import { holm } from '../../metrics/holm.js';
import { quantitiesOf, type SplitOutcomes } from '../assemble.js';
import type { WindowFacts } from '../blind/window-facts.js';
import type { EvaluationData, FoldOutcome } from '../fold-task.js';
import type { Outputs } from '../outputs.js';
import type { Quantity } from '../scores.js';
import type { Condition, Verdict } from '../verdict.js';
import { labelIsFile } from './beyond-drift.js';
import { type HeldOut, heldOut } from './held-out.js';
import { type LedgerLine, ledgerKey } from './ledger.js';
import { type Part, type ScoredWindow, scoredFold, scoredWindows } from './scored-window.js';
import { ALPHA, type Showing, type ShowingContext, showing } from './showing.js';

/** An evaluation that is over. */
export interface Judged {
  readonly data: EvaluationData;
  readonly facts: readonly WindowFacts[];
  readonly splits: readonly SplitOutcomes[];
  readonly simulated: boolean;
  readonly models: readonly {
    readonly name: string;
    /** Digest of its recipe. */
    readonly recipe: string;
    /** Whether it was chosen by what it is tested on. */
    readonly leaky: boolean;
    /** That it looks at, and sets of them that were tried alone. */
    readonly modalities: readonly string[];
    readonly sets: readonly (readonly string[])[];
  }[];
  /** What was scored on the same people elsewhere, or before. */
  readonly ledger: readonly LedgerLine[];
  /** The data set's name, and a digest of each person. */
  readonly scored: Pick<LedgerLine, 'data' | 'people'>;
}

/** One model and output, before Holm. */
interface Tried {
  readonly verdict: Pick<Verdict, 'model' | 'output' | 'split' | 'rule'>;
  readonly held: Condition;
  readonly shown: Showing | null;
  readonly line: LedgerLine | null;
  /** Of a smaller set of its modalities. */
  readonly alone: (modalities: readonly string[]) => Showing;
  readonly modalities: readonly string[];
  readonly sets: readonly (readonly string[])[];
}

/**
 * What each model may say of each of its outputs, and what goes to the ledger.
 */
export function verdictsOf(judged: Judged): { readonly verdicts: Verdict[]; readonly lines: LedgerLine[] } {
  const tried = judged.models.flatMap((model) =>
    outputsOf(judged, model.name).map((output) => tryOne(judged, model, output)),
  );
  const lines = tried.flatMap(({ line }) => line ?? []);
  const wholes = corrected(
    lines,
    judged.ledger.filter(({ modalities }) => modalities === null),
  );
  const passed = tried.filter(({ shown, line }) => shown && line && isPassed(shown, wholes.of(line)));
  const sets = passed.flatMap((own) =>
    own.sets.map((modalities) => {
      const shown = own.alone(modalities);
      return { own, modalities, shown, line: { ...own.line!, modalities: [...modalities], p: shown.p } };
    }),
  );
  const setLines = sets.map(({ line }) => line);
  const all = corrected([...lines, ...setLines], judged.ledger);
  const verdicts = tried.map((own): Verdict => {
    const { shown, line, held } = own;
    const p = line && wholes.of(line);
    const validated = passed.includes(own);
    const conditions = [held, ...(shown?.conditions ?? [])];
    const smaller = sets
      .filter((set) => set.own === own)
      .map((set) => ({
        modalities: [...set.modalities],
        passed: isPassed(set.shown, all.of(set.line)),
        conditions: [...set.shown.conditions],
        p: set.shown.p,
        corrected: all.of(set.line),
      }));
    return {
      ...own.verdict,
      validated,
      reason: validated ? null : reasonOf(conditions, p, wholes.count),
      conditions,
      p: shown?.p ?? null,
      corrected: p,
      modalities: validated
        ? [own.modalities, ...smaller.filter((set) => set.passed).map(({ modalities }) => modalities)].map(
            (set) => [...set],
          )
        : [],
      sets: smaller,
      scored: wholes.count,
    };
  });
  return { verdicts, lines: [...lines, ...setLines] };
}

function isPassed({ conditions }: Showing, p: number | null): boolean {
  return conditions.every(({ passed }) => passed) && p !== null && p < ALPHA;
}

function reasonOf(conditions: readonly Condition[], p: number | null, count: number): string {
  const failed = conditions.find(({ passed }) => !passed);
  if (failed) return `${failed.name}: ${failed.reason}`;
  return `p = ${p?.toFixed(4)} once ${count} models and outputs on these people are counted`;
}

/** Holm over tests of this evaluation and of the ledger, each once. */
function corrected(
  own: readonly LedgerLine[],
  ledger: readonly LedgerLine[],
): { readonly count: number; of(line: LedgerLine): number | null } {
  const tests = new Map([...ledger, ...own].map((line) => [ledgerKey(line), line.p]));
  const keys = [...tests.keys()];
  const adjusted = holm([...tests.values()].map((p) => p ?? Number.NaN));
  return {
    count: keys.length,
    of: (line) => {
      const p = adjusted[keys.indexOf(ledgerKey(line))];
      return Number.isNaN(p) ? null : p;
    },
  };
}

function outputsOf({ splits }: Judged, model: string): Quantity[] {
  const told = splits.flatMap(({ learners }) =>
    learners.filter(({ name }) => name === model).flatMap(({ outcomes: [[first]] }) => quantitiesOf(first)),
  );
  return [...new Set(told)];
}

function tryOne(judged: Judged, model: Judged['models'][number], output: Quantity): Tried {
  const { data, facts, splits, simulated } = judged;
  const holdings = splits.map(({ split }) => heldOut(split, data.examples, output, simulated));
  // The first split that does, else what is wrong with the first.
  const place = Math.max(
    0,
    holdings.findIndex(({ problem }) => problem === null),
  );
  const outcomes = splits[place];
  const learner = outcomes.learners.find(({ name }) => name === model.name)!;
  const names = [...data.inputs.keys()];
  const partOf = (modalities: readonly string[], outputsOf: Part['outputsOf']): Part => ({
    modalities: modalities.map((name) => names.indexOf(name)),
    outputsOf,
  });
  const whole = partOf(model.modalities, ({ outputs }) => outputs);
  const windowsOf = (part: Part): ScoredWindow[] =>
    scoredWindows(data, facts, outcomes.split, learner.outcomes, output, part);
  const windows = windowsOf(whole);
  const rule = output !== 'class' ? 'dimension' : labelIsFile(windows) ? 'file-class' : 'class';
  const context: ShowingContext = {
    quantity: output,
    classes: data.classes.length,
    hop_s: data.hop_s,
    facts,
    rule,
  };
  const held = heldCondition(holdings[place], model.leaky);
  const stackedOf = (part: Part) =>
    outcomes.inner &&
    learner.inner &&
    outcomes.split.folds.map((fold, f) => ({
      train: outcomes.inner![f].flatMap((inner, i) =>
        scoredFold(
          data,
          facts,
          inner,
          learner.inner!.map((own) => own[f][i]),
          output,
          part,
        ),
      ),
      test: scoredFold(
        data,
        facts,
        fold,
        learner.outcomes.map((own) => own[f]),
        output,
        part,
      ),
    }));
  const shown = held.passed ? showing(context, windows, stackedOf(whole)) : null;
  const line = shown && {
    ...judged.scored,
    recipe: model.recipe,
    model: model.name,
    output,
    modalities: null,
    p: shown.p,
  };
  return {
    verdict: { model: model.name, output, split: place, rule },
    held,
    shown,
    line,
    alone: (modalities) => {
      const part = partOf(modalities, aloneOf(modalities));
      return showing(context, windowsOf(part), stackedOf(part));
    },
    modalities: model.modalities,
    sets: model.sets,
  };
}

/** What was said of these modalities alone. */
function aloneOf(modalities: readonly string[]): (outcome: FoldOutcome) => Outputs {
  const key = modalities.join('\n');
  return ({ alone }) => alone.find((own) => own.modalities.join('\n') === key)!.outputs;
}

function heldCondition({ people, problem }: HeldOut, leaky: boolean): Condition {
  const reason = leaky ? 'the model was chosen on the test part' : problem;
  return {
    name: 'held-out',
    passed: reason === null,
    figure: people,
    bound: null,
    p: null,
    people,
    reason,
  };
}
