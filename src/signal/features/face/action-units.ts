import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import type { FeatureDescriptor } from '../../../core/features.js';
import type { Extractor } from '../../../core/processor.js';
import type { StreamInfo, Window } from '../../../core/signal.js';
import { tableOf } from '../../../core/table.js';

const kinds = ['intensity', 'presence', 'pose'] as const;
type Kind = (typeof kinds)[number];

const params = z.strictObject({
  of: z
    .array(z.enum(kinds))
    .min(1)
    .default(['intensity', 'presence'])
    .describe(
      '`intensity`: of 17 action units; `presence`: share of the time in which each of 18 is active; `pose`: angles of the head',
    ),
  min_confidence: z
    .number()
    .min(0)
    .max(1)
    .default(0.75)
    .describe('frames in which the tracker is less confident than this count as missing'),
});
type Params = z.infer<typeof params>;

/** The action units that OpenFace grades; it tells of one more whether it is there. */
const graded = [
  '01',
  '02',
  '04',
  '05',
  '06',
  '07',
  '09',
  '10',
  '12',
  '14',
  '15',
  '17',
  '20',
  '23',
  '25',
  '26',
  '45',
];
const told = [...graded.slice(0, -1), '28', '45'];
const angles = ['pitch', 'yaw', 'roll'] as const;

/** Share of the window in which the face must be seen. */
const LEAST_SHARE = 0.5;

/** A feature: the mean of a channel, or of what `map` makes of it, over frames in which the face is seen. */
interface Mean {
  readonly descriptor: FeatureDescriptor;
  /** -1 where the tracker tells nothing of it. */
  readonly channel: number;
  readonly map?: (value: number) => number;
}

/** By unit: what even odds are. Of another scale it is not known from where on a unit counts as active. */
const evenOdds = tableOf({ '0..1': 0.5, '0..100': 50, 'log10 odds': 0 });
const isActive = (threshold: number) => (value: number) => Number(value > threshold);

function meansOf(info: StreamInfo, kind: Kind): Mean[] {
  const find = (...labels: string[]): number => {
    const found = labels.find((label) => info.channels.some((channel) => channel.label === label));
    return info.channels.findIndex(({ label }) => label === found);
  };
  const unitOf = (channel: number): string => info.channels[channel]?.unit ?? '';
  if (kind === 'intensity')
    return graded.map((au) => {
      const channel = find(`AU${au}_r`, `AU${au}`, `AU${au}_evidence`);
      return { descriptor: { channel: `AU${au}`, feature: 'au_intensity', unit: unitOf(channel) }, channel };
    });
  if (kind === 'presence')
    return told.map((au) => {
      const descriptor = { channel: `AU${au}`, feature: 'au_presence', unit: 'share' };
      const own = find(`AU${au}_c`);
      if (own >= 0) return { descriptor, channel: own, map: isActive(0.5) };
      const likely = find(`AU${au}`, `AU${au}_evidence`);
      const even = evenOdds.get(unitOf(likely));
      return even === undefined
        ? { descriptor, channel: -1 }
        : { descriptor, channel: likely, map: isActive(even) };
    });
  return angles.map((angle) => {
    const channel = find(angle);
    const known = unitOf(channel) === 'deg' ? channel : -1;
    return { descriptor: { channel: 'head', feature: `head_${angle}`, unit: 'deg' }, channel: known };
  });
}

class ActionUnits implements Extractor {
  readonly descriptors: readonly FeatureDescriptor[];
  readonly #means: readonly Mean[];
  /** Channels that say whether the face is seen, and the least that they must say. */
  readonly #gates: readonly { readonly channel: number; readonly least: number }[];

  constructor(info: StreamInfo, { of, min_confidence }: Params) {
    this.#means = of.flatMap((kind) => meansOf(info, kind));
    this.descriptors = this.#means.map(({ descriptor }) => descriptor);
    const gate = (label: string, least: number) =>
      info.channels.flatMap((channel, c) => (channel.label === label ? [{ channel: c, least }] : []));
    this.#gates = [...gate('success', 0.5), ...gate('confidence', min_confidence)];
  }

  compute(window: Window, out: Float64Array): void {
    const seen = new Uint8Array(window.length).fill(1);
    for (const { channel, least } of this.#gates) {
      const values = window.channel(channel);
      for (let i = 0; i < seen.length; i++) if (!(values[i] >= least)) seen[i] = 0;
    }
    for (const [f, { channel, map }] of this.#means.entries()) {
      out[f] = Number.NaN;
      if (channel < 0) continue;
      const values = window.channel(channel);
      let [sum, count] = [0, 0];
      for (let i = 0; i < values.length; i++) {
        if (seen[i] === 0 || !Number.isFinite(values[i])) continue;
        sum += map ? map(values[i]) : values[i];
        count++;
      }
      if (count > 0 && count >= LEAST_SHARE * window.expected) out[f] = sum / count;
    }
  }
}

export const actionUnits = featureDefinition<Params>({
  name: 'action-units',
  summary:
    'Facial action units: mean intensity, share of the time in which each is active, angles of the head, over frames in which the face is seen.',
  source:
    'Ekman, Friesen & Hager 2002 (FACS); units and scales of OpenFace, Baltrusaitis et al. 2018, doi:10.1109/FG.2018.00019',
  params,
  streams: ['Face'],
  state: 'none',
  create: (info, p) => new ActionUnits(info, p),
});
