import { without } from '../core/model.js';
import type { Executable } from '../engines/engine.js';
import type { BoundModel } from '../models/definition.js';
import type { Manifest } from '../models/manifest.js';
import { mulberry32 } from '../models/random.js';
import { conformalHalfWidth } from './conformal.js';
import { byPerson, type Example, withFrame } from './example.js';
import { presenceOf } from './missing.js';
import { columnOf, predictExamples } from './predicting.js';
import { shuffled } from './shuffle.js';

/**
 * Half widths of the intervals for each number of present modalities, from people that training never saw. For each
 * number every window keeps that many modalities, drawn at random; windows that had fewer are left out. Null when
 * some number has too few people, or the model does not tell both: intervals are given always or never.
 */
export async function calibrate(
  model: BoundModel,
  executable: Executable,
  examples: readonly Example[],
  level: number,
  seed: number,
): Promise<Manifest['calibration']> {
  // High or Low has no error to bound.
  if (model.binary_heads) return null;
  if (!(['valence', 'arousal'] as const).every((dimension) => model.heads.includes(dimension))) return null;
  const uniform = mulberry32(seed);
  const widths = { valence: [] as number[], arousal: [] as number[] };
  for (let count = 1; count <= model.inputs.length; count++) {
    const errors = { valence: [] as number[][], arousal: [] as number[][] };
    for (const own of byPerson(examples).values()) {
      const thinned = own.flatMap((example) => {
        const presence = presenceOf(example);
        const present = presence.flatMap((here, m) => (here ? [m] : []));
        if (present.length < count) return [];
        const kept = new Set(shuffled(present, uniform).slice(0, count));
        const gone = presence.map((_, m) => !kept.has(m));
        return [withFrame(example, () => without(example.frame, gone))];
      });
      const { heads } = await predictExamples(model, executable, thinned);
      for (const dimension of ['valence', 'arousal'] as const) {
        const predicted = columnOf(heads, model.heads.length, model.heads.indexOf(dimension));
        errors[dimension].push(
          thinned.flatMap(({ label }, i) => {
            const target = label.targets[dimension];
            return target === undefined ? [] : [Math.abs(predicted[i] - target)];
          }),
        );
      }
    }
    for (const dimension of ['valence', 'arousal'] as const) {
      const half = conformalHalfWidth(errors[dimension], level);
      if (half === null) return null;
      widths[dimension].push(half);
    }
  }
  return { level, ...widths };
}
