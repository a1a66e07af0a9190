import type { Clock, Seconds } from '../../../core/clock.js';
import { type HistoryStream, historyStreams } from '../../protocol/calls.js';
import { JsonText } from '../../protocol/json-text.js';
import type { OutputStream, WireMessage } from '../../protocol/output.js';
import { BLOCK_MESSAGES, HistoryBlock, type KeptMessage } from './history-block.js';

/** How long what a session told is kept, s. */
const KEPT_S: Seconds = 3600;
/** Most messages that are kept of one session. */
const KEPT_MESSAGES = 16_384;
/** Most messages that are kept of all sessions together; beyond it those of the one that was silent longest go first. */
const KEPT_IN_ALL = 131_072;

interface History {
  readonly run: string;
  /** Oldest first; the last may take more. */
  readonly blocks: HistoryBlock[];
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

  /** `text`: the message as JSON. */
  keep(message: WireMessage, text: () => string): void {
    const { stream, session, run } = message;
    if (!isHistoryStream(stream)) return;
    const at = this.#clock.now();
    let history = this.#sessions.get(session);
    // The end of a session is told under the next one's run.
    if (history?.run !== run) {
      if (stream === 'sys' && history) return;
      this.#forget(session);
      history = { run, blocks: [] };
    } else this.#sessions.delete(session);
    this.#sessions.set(session, history);
    const { blocks } = history;
    let block = blocks.at(-1);
    if (!block || block.isFull) {
      block = new HistoryBlock();
      blocks.push(block);
      this.#shorten(blocks, at);
      this.#forgetSilent(at);
    }
    block.add({ stream, at, time: 'time' in message ? message.time : 0 }, text());
    this.#messages++;
    while (this.#messages > KEPT_IN_ALL) this.#forget(this.#sessions.keys().next().value!);
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
    const isWanted = ({ stream, at, time }: KeptMessage): boolean =>
      at >= oldest && streams.includes(stream) && (time ?? from) >= from;
    const { blocks = [] } = this.#sessions.get(session) ?? {};
    const told: string[] = [];
    let wanted = 0;
    for (let b = blocks.length - 1; b >= 0 && wanted <= limit; b--) {
      const found = blocks[b].indicesOf(isWanted);
      wanted += found.length;
      if (found.length > 0) told.unshift(...blocks[b].textsOf(found.slice(Math.max(0, wanted - limit))));
    }
    return new JsonText(
      `{"session":${JSON.stringify(session)},"more":${wanted > limit},"messages":[${told.join(',')}]}`,
    );
  }

  has(session: string): boolean {
    return this.#sessions.has(session);
  }

  #shorten(blocks: HistoryBlock[], now: Seconds): void {
    const most = KEPT_MESSAGES / BLOCK_MESSAGES;
    while (blocks.length > 1 && (blocks[0].last_s < now - KEPT_S || blocks.length > most))
      this.#messages -= blocks.shift()!.size;
  }

  #forget(session: string): void {
    for (const { size } of this.#sessions.get(session)?.blocks ?? []) this.#messages -= size;
    this.#sessions.delete(session);
  }

  #forgetSilent(now: Seconds): void {
    for (const [session, { blocks }] of this.#sessions) {
      if (blocks[blocks.length - 1].size === 0 || blocks[blocks.length - 1].last_s >= now - KEPT_S) return;
      this.#forget(session);
    }
  }
}
