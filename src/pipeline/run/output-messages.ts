import type { OutputMessage } from '../../io/sinks/sink.js';
import { round6 } from '../session/predict.js';
import type { SessionOutput } from '../session/session-output.js';

/** The message that tells what a session gave; null where none does. */
export function outputMessage(session: string, output: SessionOutput): OutputMessage | null {
  switch (output.kind) {
    case 'prediction':
      return output.prediction;
    case 'features': {
      const { node, seq, vector, input } = output;
      return {
        stream: 'features',
        session,
        node,
        seq,
        time: vector.time,
        window: vector.window,
        input,
        features: vector.schema.features,
        values: Array.from(vector.values, known),
        ...markOf(output),
      };
    }
    case 'indices': {
      const { node, seq, vector } = output;
      const { schema, values, reasons } = vector;
      return {
        stream: 'indices',
        session,
        node,
        seq,
        time: vector.time,
        window: vector.window,
        indices: schema.features.map(({ channel, feature }, i) => {
          const value = known(values[i]);
          return { channel, feature, value, reason: value === null ? (reasons?.[i] ?? 'nan') : null };
        }),
        ...markOf(output),
      };
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
      return { stream: 'quality', session, time: output.time, inputs: Object.fromEntries(inputs) };
    }
    case 'truth': {
      const [valence, arousal] = [output.valence, output.arousal].map((value) => known(round6(value)));
      return { stream: 'truth', session, time: round6(output.time), valence, arousal };
    }
    case 'marker': {
      const { source, marker } = output;
      return { stream: 'markers', session, time: round6(marker.time), source, text: marker.value };
    }
    case 'began':
      return null;
  }
}

/** JSON has no NaN. */
function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function markOf({ simulated }: { readonly simulated: boolean }): { simulated?: true } {
  return simulated ? { simulated } : {};
}
