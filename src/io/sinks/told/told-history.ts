import type { Clock, Seconds } from '../../../core/clock.js';
import { type HistoryStream, historyStreams } from '../../protocol/calls.js';
import { JsonText } from '../../protocol/json-text.js';
import type { OutputStream, WireMessage } from '../../protocol/output.js';

/** How long what a session told is kept, s. */
const KEPT_S: Seconds = 3600;
/** Most messages that are kept of one session. */
const KEPT_MESSAGES = 16_384;
/** Most messages that are kept of all sessions together; beyond it those of the one that was silent longest go first. */
const KEPT_IN_ALL = 131_072;

interface Kept {
  readonly stream: HistoryStream;
  /** When it was told, by the clock, s. */
  readonly at: Seconds;
  /** Session time of which it tells; null: of none. */
  readonly time: Seconds | null;
  /** As JSON: a message as text takes a third of what it takes as an object. */
  readonly bytes: Buffer;
}

interface History {
  readonly run: string;
  readonly kept: Kept[];
}

const isHistoryStream = (stream: OutputStream): stream is HistoryStream =>
  (historyStreams as readonly OutputStream[]).includes(stream);

/** What sessions told in the last hour, for those who come late; of one that has ended, until another begins under its name. */
export class ToldHistory {
  readonly #clock: Clock;
  /** In the order in which they told something last. */
  readonly #sessions = new Map<string, History>();
  #messages = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Messages that are kept. */
  get size(): number {
    return this.#messages;
  }

  keep(message: WireMessage, bytes: () => Buffer): void {
    const { stream, session, run } = message;
    if (!isHistoryStream(stream)) return;
    const at = this.#clock.now();
    let history = this.#sessions.get(session);
    // Events of a session that has ended are told under the next one's name.
    if (history?.run !== run) {
      if (stream === 'sys' && history) return;
      this.#forget(session);
      history = { run, kept: [] };
    } else this.#sessions.delete(session);
    this.#sessions.set(session, history);
    const time = 'time' in message ? message.time : 0;
    history.kept.push({ stream, at, time, bytes: bytes() });
    this.#messages++;
    if (history.kept.length % 256 === 0 || history.kept.length > KEPT_MESSAGES) this.#shorten(history, at);
    while (this.#messages > KEPT_IN_ALL) this.#forget(this.#sessions.keys().next().value!);
    this.#forgetSilent(at);
  }

  /** The newest `limit` messages of `streams` from session time `from` on, oldest first, as `{session, more, messages}`. */
  tell(
    session: string,
    {
      from = Number.NEGATIVE_INFINITY,
      streams,
      limit,
    }: { readonly from?: Seconds; readonly streams: readonly HistoryStream[]; readonly limit: number },
  ): JsonText {
    const oldest = this.#clock.now() - KEPT_S;
    const wanted = (this.#sessions.get(session)?.kept ?? []).filter(
      ({ stream, at, time }) => at >= oldest && streams.includes(stream) && (time ?? from) >= from,
    );
    const told = wanted.slice(-limit).map(({ bytes }) => bytes.toString());
    const more = wanted.length > limit;
    return new JsonText(
      `{"session":${JSON.stringify(session)},"more":${more},"messages":[${told.join(',')}]}`,
    );
  }

  has(session: string): boolean {
    return this.#sessions.has(session);
  }

  #shorten({ kept }: History, now: Seconds): void {
    const oldest = now - KEPT_S;
    const fresh = kept.findIndex(({ at }) => at >= oldest);
    const gone = Math.max(fresh, kept.length - KEPT_MESSAGES);
    kept.splice(0, gone);
    this.#messages -= gone;
  }

  #forget(session: string): void {
    this.#messages -= this.#sessions.get(session)?.kept.length ?? 0;
    this.#sessions.delete(session);
  }

  #forgetSilent(now: Seconds): void {
    for (const [session, { kept }] of this.#sessions) {
      if (kept[kept.length - 1].at >= now - KEPT_S) return;
      this.#forget(session);
    }
  }
}
