import { z } from 'zod';
import type { PhysicsProblem, UpstreamFacts } from '../../../core/component.js';
import type { StreamInfo } from '../../../core/signal.js';

/** A band of a feature's parameters. `prefix`: what the feature's name begins with; `edge`: whether high_hz itself counts. */
export function bandSchema(prefix: string, edge: 'excluded' | 'included') {
  return z
    .strictObject({
      name: z
        .string()
        .regex(/^[a-z0-9_]+$/)
        .describe(`name in the feature: \`alpha\` gives \`${prefix}alpha\``),
      low_hz: z.number().min(0).describe('low edge, Hz, included'),
      high_hz: z.number().positive().describe(`high edge, Hz, ${edge}`),
    })
    .refine((b) => b.low_hz < b.high_hz, 'low_hz must be below high_hz');
}

export interface NamedBand {
  readonly name: string;
  readonly low_hz: number;
  readonly high_hz: number;
}

/** The five of SEED. */
export const seedBands = (): NamedBand[] => [
  { name: 'delta', low_hz: 1, high_hz: 4 },
  { name: 'theta', low_hz: 4, high_hz: 8 },
  { name: 'alpha', low_hz: 8, high_hz: 14 },
  { name: 'beta', low_hz: 14, high_hz: 31 },
  { name: 'gamma', low_hz: 31, high_hz: 50 },
];

/** Half of the natural logarithm of 2 pi e: the differential entropy of a Gaussian of variance 1, nat. */
export const HALF_LOG_2_PI_E = 0.5 * Math.log(2 * Math.PI * Math.E);

/** Units that count as microvolts: a stream that names none is taken to follow the XDF EEG specification. */
const microvolts = new Set(['uV', '']);

/** Indices of the channels in microvolts. */
export function microvoltChannels(info: StreamInfo): number[] {
  return info.channels.flatMap((channel, c) => (microvolts.has(channel.unit) ? [c] : []));
}

/** Bands that the rate does not reach. */
export function bandsBeyondNyquist(
  bands: readonly NamedBand[],
  { sfreq_hz }: UpstreamFacts,
): PhysicsProblem[] {
  if (!sfreq_hz) return [];
  return bands.flatMap((b, i) =>
    b.high_hz > sfreq_hz / 2
      ? [
          {
            path: ['bands', i, 'high_hz'],
            message: `band ${b.name} ends at ${b.high_hz} Hz, above half the sampling rate of ${sfreq_hz} Hz`,
          },
        ]
      : [],
  );
}
