import type { ModelOutput } from '../../core/model.js';

/** What a model said, and of what of it nothing is to be told on. */
export interface Withheld {
  readonly output: ModelOutput;
  /** Dimensions, and `classes`; empty where everything is told. */
  readonly abstained: readonly string[];
  /** Whether nothing at all is left. */
  readonly everything: boolean;
}

/**
 * Takes out of a model's output what the present modalities were not shown to tell: values, intervals, rankings and
 * contributions alike.
 */
export function withhold(output: ModelOutput): Withheld {
  const { abstained = [] } = output;
  if (abstained.length === 0) return { output, abstained, everything: false };
  const told = (name: string): boolean => !abstained.includes(name);
  const { dominance, liking, high, classes, ranking, contribution, interval, ...rest } = output;
  const kept: ModelOutput = {
    ...rest,
    valence: told('valence') ? output.valence : null,
    arousal: told('arousal') ? output.arousal : null,
    ...(dominance !== undefined && told('dominance') && { dominance }),
    ...(liking !== undefined && told('liking') && { liking }),
    ...(high && { high: only(high, told) }),
    ...(classes && told('classes') && { classes }),
    ...(ranking && { ranking: only(ranking, told) }),
    ...(contribution && {
      contribution: Object.fromEntries(
        Object.entries(contribution).map(([modality, changes]) => [
          modality,
          only(changes, (name) => told(name.split('.')[0])),
        ]),
      ),
    }),
    interval: interval && {
      level: interval.level,
      valence: told('valence') ? interval.valence : null,
      arousal: told('arousal') ? interval.arousal : null,
    },
  };
  return { output: kept, abstained, everything: tellsNothing(kept) };
}

function tellsNothing({ valence, arousal, dominance, liking, classes, ranking }: ModelOutput): boolean {
  const values = [valence, arousal, dominance ?? null, liking ?? null];
  const ranked = Object.keys(ranking ?? {}).length > 0;
  return values.every((value) => value === null) && classes === undefined && !ranked;
}

/** A record's entries whose names pass. */
function only<T>(record: Readonly<Record<string, T>>, passes: (name: string) => boolean): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => passes(name)));
}
