import { z } from 'zod';
import { joinTransform } from '../../core/component.js';

const params = z.strictObject({
  hop_s: z
    .number()
    .positive()
    .optional()
    .describe('Spacing of the common grid, s; the shortest hop of the inputs by default.'),
  allowed_lateness_s: z
    .number()
    .nonnegative()
    .default(2)
    .describe(
      'How long a window waits at most for a stream of 10 Hz or more that lags behind the others and is not silent, s of data; 2 s is the most.',
    ),
});

export type AlignParams = z.infer<typeof params>;

/**
 * Puts modalities that come at their own rates and times onto one hop grid. At each grid time a modality is
 * served by the first of its inputs that has a vector not older than that input's own hop; otherwise it is masked.
 */
export const align = joinTransform<AlignParams>({
  type: 'align',
  summary: 'Joins asynchronous modalities onto one hop grid; what is late or absent is masked.',
  params,
  state: 'none',
});
