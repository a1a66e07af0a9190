import type { Extractor } from '../../../core/processor.js';
import { type Chunk, channelOf, type StreamInfo, type Window } from '../../../core/signal.js';

/** Conductance in uS of a resistance in ohm; what is not above 0 is no skin. */
function conductanceOf(resistance_ohm: number): number {
  return resistance_ohm > 0 ? 1e6 / resistance_ohm : Number.NaN;
}

/** A stream of skin conductance, whatever its channels measure: those in ohm become uS, all others stay as they are. */
export class Conductance {
  readonly info: StreamInfo;
  readonly #resistances: readonly number[];

  constructor(info: StreamInfo) {
    this.#resistances = info.channels.flatMap(({ unit }, c) => (unit === 'ohm' ? [c] : []));
    this.info = this.#resistances.length === 0 ? info : { ...info, channels: info.channels.map(inUs) };
  }

  chunk(chunk: Chunk): Chunk {
    if (this.#resistances.length === 0) return chunk;
    const data = chunk.data.slice();
    const converted = { ...chunk, info: this.info, data };
    for (const c of this.#resistances) {
      const row = channelOf(converted, c);
      for (let i = 0; i < row.length; i++) row[i] = conductanceOf(row[i]);
    }
    return converted;
  }

  window(window: Window): Window {
    if (this.#resistances.length === 0) return window;
    const channel = (c: number) =>
      this.#resistances.includes(c) ? window.channel(c).map(conductanceOf) : window.channel(c);
    return { ...window, info: this.info, channel };
  }
}

function inUs(channel: StreamInfo['channels'][number]): StreamInfo['channels'][number] {
  return channel.unit === 'ohm' ? { ...channel, unit: 'uS' } : channel;
}

/** An extractor of conductance, made by `create`, that takes streams of resistance too. */
export function ofConductance(info: StreamInfo, create: (info: StreamInfo) => Extractor): Extractor {
  const conductance = new Conductance(info);
  const inner = create(conductance.info);
  if (conductance.info === info) return inner;
  return {
    descriptors: inner.descriptors,
    ...(inner.context_s === undefined ? {} : { context_s: inner.context_s }),
    ...(inner.push ? { push: (chunk: Chunk) => inner.push!(conductance.chunk(chunk)) } : {}),
    ...(inner.snapshot ? { snapshot: () => inner.snapshot!() } : {}),
    ...(inner.restore ? { restore: (state: unknown) => inner.restore!(state) } : {}),
    compute: (window, out) => inner.compute(conductance.window(window), out),
  };
}
