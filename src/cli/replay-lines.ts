import type { Recording } from '../recordings/recording.js';
import { OutputMessages } from '../topology/output-messages.js';
import { round6 } from '../topology/predict.js';
import type { SessionOutput } from '../topology/session-output.js';

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
  readonly #messages: OutputMessages;
  /** Names of the recording's streams, by id. */
  readonly #names: ReadonlyMap<string, string>;

  /** `files`: what the recording was opened from. */
  constructor(
    readonly session: string,
    readonly recording: Recording,
    readonly files: readonly string[],
  ) {
    this.#messages = new OutputMessages(session);
    this.#names = new Map(recording.streams.map(({ info }) => [info.id, info.name]));
  }

  of(output: SessionOutput, wanted: ReadonlySet<LineStream>): string[] {
    const stream = streamOf[output.kind];
    if (!wanted.has(stream)) return [];
    return this.#objects(output).map((line) => `${JSON.stringify(line)}\n`);
  }

  #objects(output: SessionOutput): object[] {
    const { session } = this;
    if (output.kind === 'began') {
      const { zero } = output;
      const { zero_unix_s } = this.recording;
      const zero_unix = zero_unix_s === null ? null : zero_unix_s + zero;
      return [{ stream: 'session', session, zero, zero_unix, recording: this.files }];
    }
    if (output.kind === 'marker') {
      const { stream: id, time, value } = output.marker;
      const source = this.#names.get(id) ?? id;
      return [{ stream: 'markers', session, time: round6(time), source, text: value }];
    }
    const messages = this.#messages.of(output);
    return output.kind === 'truth' ? messages.map(({ seq: _, ...line }) => line) : messages;
  }
}
