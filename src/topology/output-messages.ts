import type { SessionEvent } from '../core/event.js';
import type { OutputMessage } from '../sinks/sink.js';
import { round6 } from './predict.js';
import type { SessionOutput } from './session-output.js';

/** Turns what a session gives into messages for sinks, each stream of messages numbered from 0. */
export class OutputMessages {
  readonly #sequences = new Map<OutputMessage['stream'], number>();

  constructor(readonly session: string) {}

  of(output: SessionOutput): OutputMessage[] {
    const { session } = this;
    switch (output.kind) {
      case 'prediction':
        return [output.prediction];
      case 'features': {
        const { vector, input } = output;
        return [
          {
            stream: 'features',
            session,
            seq: this.#next('features'),
            time: vector.time,
            window: vector.window,
            input,
            features: vector.schema.features,
            values: Array.from(vector.values, (value) => (Number.isFinite(value) ? value : null)),
            ...markOf(output),
          },
        ];
      }
      case 'closed': {
        const inputs = [...output.inputs].map(([name, { info, stale, channels }]) => [
          name,
          {
            name: info.name,
            type: info.type,
            sfreq: info.sfreq,
            present: !stale,
            reason: stale ? 'stale' : null,
            channels,
            ...(info.simulated && { simulated: info.simulated }),
          },
        ]);
        return [
          {
            stream: 'quality',
            session,
            seq: this.#next('quality'),
            time: output.time,
            inputs: Object.fromEntries(inputs),
          },
        ];
      }
      case 'indices':
        return [
          {
            stream: 'indices',
            session,
            seq: this.#next('indices'),
            time: output.time,
            window: output.window,
            indices: [...output.vectors].flatMap(([node, { schema, values, reasons }]) =>
              schema.features.map(({ channel, feature }, i) => {
                const known = Number.isFinite(values[i]);
                const value = known ? values[i] : null;
                return { node, channel, feature, value, reason: known ? null : (reasons?.[i] ?? 'nan') };
              }),
            ),
            ...markOf(output),
          },
        ];
      case 'truth': {
        const { time, valence, arousal } = output;
        const known = (value: number): number | null => (Number.isFinite(value) ? round6(value) : null);
        return [
          {
            stream: 'truth',
            session,
            seq: this.#next('truth'),
            time: round6(time),
            valence: known(valence),
            arousal: known(arousal),
          },
        ];
      }
      case 'began':
      case 'marker':
        return [];
    }
  }

  event(event: SessionEvent): OutputMessage {
    return { stream: 'sys', session: this.session, seq: this.#next('sys'), time: event.time ?? null, event };
  }

  #next(stream: OutputMessage['stream']): number {
    const seq = this.#sequences.get(stream) ?? 0;
    this.#sequences.set(stream, seq + 1);
    return seq;
  }
}

function markOf({ simulated }: { readonly simulated: boolean }): { simulated?: true } {
  return simulated ? { simulated } : {};
}
