import { z } from 'zod';
import { chunkTransform } from '../../core/component.js';
import { ConfigurationError } from '../../core/errors.js';
import type { ChunkProcessor } from '../../core/processor.js';
import { type Chunk, channelOf, type StreamInfo } from '../../core/signal.js';
import { canonicalLabel, synonymOf } from '../montage/labels.js';

const params = z
  .strictObject({
    to: z
      .enum(['average', 'mastoids', 'channels'])
      .default('average')
      .describe(
        '`average`: mean of all channels of the stream that are measured at the moment; `mastoids`: mean of M1 and M2, or of A1 and A2; `channels`: mean of `channels`',
      ),
    channels: z.array(z.string().min(1)).min(1).optional().describe('labels of the new reference'),
  })
  .refine((p) => (p.to === 'channels') === (p.channels !== undefined), {
    path: ['channels'],
    error: 'give channels with `to: channels`, and only then',
  });
type Params = z.infer<typeof params>;

const mastoids = [
  ['M1', 'M2'],
  ['A1', 'A2'],
];

class Rereference implements ChunkProcessor {
  #reference: readonly number[] = [];
  #unit = '';

  constructor(readonly params: Params) {}

  reset(info: StreamInfo): StreamInfo {
    const { to, channels = [] } = this.params;
    if (to === 'average') {
      this.#unit = info.channels[0]?.unit ?? '';
      this.#reference = info.channels.flatMap(({ unit }, c) => (unit === this.#unit ? [c] : []));
    } else {
      const choices = to === 'mastoids' ? mastoids : [channels];
      const found = choices.map((labels) => indicesOf(info, labels)).find((c) => !c.includes(-1));
      if (!found)
        throw new ConfigurationError(
          'reference-missing',
          `stream ${info.name} lacks the reference ${choices.map((labels) => labels.join(' and ')).join(', or ')}; its channels are ${info.channels.map(({ label }) => label || 'unnamed').join(', ')}`,
        );
      this.#reference = found;
      this.#unit = info.channels[found[0]].unit;
    }
    return info;
  }

  process(chunk: Chunk, emit: (chunk: Chunk) => void): void {
    const n = chunk.times.length;
    const rows = this.#reference.map((c) => channelOf(chunk, c));
    const reference = this.params.to === 'average' ? meanOfMeasured(rows, n) : meanOfAll(rows, n);
    const data = new Float64Array(chunk.data.length);
    for (const [c, { unit }] of chunk.info.channels.entries()) {
      const input = channelOf(chunk, c);
      // A reference says nothing of a channel in another unit: an accelerometer's axis, a counter.
      if (unit !== this.#unit) data.set(input, c * n);
      else for (let i = 0; i < n; i++) data[c * n + i] = input[i] - reference[i];
    }
    emit({ ...chunk, data });
  }
}

function indicesOf(info: StreamInfo, labels: readonly string[]): number[] {
  return labels.map((raw) => {
    const label = canonicalLabel(raw);
    const names = [label, synonymOf(label)];
    return info.channels.findIndex((channel) => names.includes(channel.label));
  });
}

/** Missing where any of `rows` [C][n] is. */
function meanOfAll(rows: readonly Float64Array[], n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (const row of rows) sum += row[i];
    return sum / rows.length;
  });
}

/** Of the finite ones among `rows` [C][n]; missing below two. */
function meanOfMeasured(rows: readonly Float64Array[], n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    let count = 0;
    for (const row of rows) {
      if (row[i] - row[i] !== 0) continue;
      sum += row[i];
      count++;
    }
    return count >= 2 ? sum / count : Number.NaN;
  });
}

export const rereference = chunkTransform<Params>({
  type: 'rereference',
  summary:
    'Subtracts a new reference from every channel of its unit, sample by sample: the average of the measured channels, linked mastoids, or named channels. A mastoid or named channel that is missing at a moment makes all missing then. The layout stays, the reference channels included. REST is left out: it needs a model of the head.',
  params,
  state: 'none',
  facts: (_, upstream) => upstream,
  create: (p) => new Rereference(p),
});
