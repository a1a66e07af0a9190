import type { BoundModel } from '../networks/definition.js';

/** What a model tells, as verdicts name it: its dimensions, `class`, and `ranking:` with each ranked dimension. */
export function outputsOf({ heads, classes, ranking }: BoundModel): string[] {
  return [
    ...heads,
    ...(classes.length > 0 ? ['class'] : []),
    ...ranking.map((dimension) => `ranking:${dimension}`),
  ];
}
