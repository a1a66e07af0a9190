import type { Recording } from '../../io/recordings/recording.js';
import type { SessionOutput } from '../session/session-output.js';
import { outputMessage } from './output-messages.js';

/** What `replay` can write, a kind of line each. */
export const lineStreams = [
  'affect',
  'markers',
  'truth',
  'session',
  'quality',
  'indices',
  'features',
] as const;
export type LineStream = (typeof lineStreams)[number];

const streamOf: Readonly<Record<SessionOutput['kind'], LineStream>> = {
  began: 'session',
  prediction: 'affect',
  features: 'features',
  indices: 'indices',
  closed: 'quality',
  marker: 'markers',
  truth: 'truth',
};

/** A session's outputs as JSON lines of the streams that are asked for, in order; `session` comes first. */
export class ReplayLines {
  /** Lines of the stream `quality` so far. */
  #qualities = 0;

  /** `files`: what the recording was opened from. */
  constructor(
    readonly session: string,
    readonly recording: Recording,
    readonly files: readonly string[],
  ) {}

  of(output: SessionOutput, wanted: ReadonlySet<LineStream>): string[] {
    const stream = streamOf[output.kind];
    if (!wanted.has(stream)) return [];
    const line = this.#lineOf(output);
    return line ? [`${JSON.stringify(line)}\n`] : [];
  }

  #lineOf(output: SessionOutput): object | null {
    const { session } = this;
    if (output.kind === 'began') {
      const { zero } = output;
      const { zero_unix_s } = this.recording;
      const zero_unix = zero_unix_s === null ? null : zero_unix_s + zero;
      return { stream: 'session', session, zero, zero_unix, recording: this.files };
    }
    const message = outputMessage(session, output);
    if (message?.stream !== 'quality') return message;
    const { stream, time, inputs } = message;
    return { stream, session, seq: this.#qualities++, time, inputs };
  }
}
