import type { Seconds } from '../../../core/clock.js';
import { type Chunk, isSameLayout, type StreamInfo, streamOf } from '../../../core/signal.js';
import { KeptBins } from './kept-bins.js';
import { type Bin, type Bins, SignalBins } from './signal-bins.js';
import { type NumberedSignals, type SentMessage, signalsMessage } from './signal-messages.js';

/** Bins a second of what is kept for those who come late. */
const KEPT_PER_S = 20;
/** How often kept bins are packed, and how often others are told at most, a second. */
const PACKED_PER_S = 1;
const TOLD_PER_S = 20;
/** Most values that are kept of all sessions together, 64 MB; beyond it those of the session that was silent longest go first. */
const KEPT_IN_ALL = 16_777_216;
/** Most values of a message of what is kept, so that a late visitor delays nobody. */
const PAST_VALUES = 16_384;

interface WatchedStream {
  info: StreamInfo;
  readonly kept: KeptBins;
  /** What goes into `kept`. */
  keeping: SignalBins;
  /** By rate, for those who watch at it. */
  readonly rates: Map<number, SignalBins>;
}

interface Session {
  readonly open: Map<string, WatchedStream>;
  zero: Seconds | null;
  /** By rate, number of the next message. */
  readonly next: Map<number, number>;
}

/**
 * All signals of each session for those who watch them at a rate: computed once for all who watch at an equal one, and the last minute kept
 * for those who come late. A stream that is no faster than the rate comes as samples.
 */
export class WatchedSignals {
  /** In the order in which they kept something last. */
  readonly #sessions = new Map<string, Session>();
  #kept = 0;

  /** Values that are kept of all sessions. */
  get size(): number {
    return this.#kept;
  }

  /** The session's zero was told. */
  begin(name: string, zero: Seconds): void {
    const session = this.#sessions.get(name);
    if (session) session.zero ??= zero;
  }

  /** Follows the session's streams; `rates`: at which somebody watches it. Gives what is told at each. */
  take(
    name: string,
    message: SentMessage,
    rates: ReadonlySet<number>,
  ): readonly (readonly [per_s: number, NumberedSignals])[] {
    const session = this.#of(name, message);
    const id = streamOf(message)!;
    // Ticks are nobody's signal.
    if (!session || (message.kind === 'open' ? message.info.type === 'Ticks' : !session.open.has(id)))
      return [];
    const stream = session.open.get(id);
    for (const per_s of session.next.keys()) if (!rates.has(per_s)) stopWatching(session, per_s);
    const told: [number, NumberedSignals][] = [];
    const tell = (per_s: number, content: (seq: number) => NumberedSignals): void => {
      const seq = session.next.get(per_s) ?? 0;
      session.next.set(per_s, seq + 1);
      told.push([per_s, content(seq)]);
    };
    const tellBins = (per_s: number, id: string, all: readonly Bins[]): void => {
      for (const bins of all) tell(per_s, (seq) => binsMessage(name, session.zero, seq, id, bins));
    };
    if (message.kind === 'chunk') {
      const { chunk } = message;
      const { zero } = session;
      if (chunk.times.length === 0) return told;
      for (const per_s of rates) {
        if (isSlow(stream!.info, per_s)) tell(per_s, (seq) => signalsMessage(name, zero, seq, message));
        else if (zero !== null) tellBins(per_s, id, watched(stream!, per_s).take(chunk, zero));
      }
      if (zero !== null) this.#keep(name, session, stream!, chunk, zero);
      return told;
    }
    // What belongs before this.
    if (message.kind !== 'marker')
      for (const [per_s, bins] of stream?.rates ?? []) tellBins(per_s, id, bins.rest());
    if (message.kind === 'open') this.#open(session, message.info, stream);
    if (message.kind === 'close') this.#close(session, stream!);
    for (const per_s of rates) tell(per_s, (seq) => signalsMessage(name, session.zero, seq, message));
    return told;
  }

  /**
   * What those get first who watch at a rate from now on; `*`: of all sessions. `past` is the last minute of each stream of the session that
   * they name, at {@link KEPT_PER_S} or less, up to now.
   */
  openings(
    name: string,
    per_s: number,
  ): { readonly open: NumberedSignals[]; readonly past: NumberedSignals[] } {
    const [open, past]: [NumberedSignals[], NumberedSignals[]] = [[], []];
    for (const [session, { open: streams, zero, next }] of this.#sessions) {
      if (name !== '*' && name !== session) continue;
      // As the message that would come next, had it been told to all.
      const seq = next.get(per_s) ?? 0;
      for (const { info, kept, keeping } of streams.values()) {
        open.push(signalsMessage(session, zero, seq, { kind: 'open', info }));
        // A minute of all sessions at once would be too much for one turn.
        if (name === '*') continue;
        const unpacked = keeping.peek();
        const all = joined([...kept.bins(), ...(unpacked ? [unpacked] : [])], per_s, info.channels.length);
        for (const bins of all) past.push({ ...binsMessage(session, zero, seq, info.id, bins), past: true });
      }
    }
    return { open, past };
  }

  /** The session has ended: what comes under its name from here on is another one. */
  ended(name: string): void {
    for (const { kept } of this.#sessions.get(name)?.open.values() ?? []) this.#kept -= kept.size;
    this.#sessions.delete(name);
  }

  /** A session begins with a stream. */
  #of(name: string, { kind }: SentMessage): Session | undefined {
    const known = this.#sessions.get(name);
    if (known || kind !== 'open') return known;
    const session: Session = { open: new Map(), zero: null, next: new Map() };
    this.#sessions.set(name, session);
    return session;
  }

  #open(session: Session, info: StreamInfo, known: WatchedStream | undefined): void {
    if (known && isSameLayout(known.info, info)) {
      known.info = info;
      known.rates.clear();
      return;
    }
    this.#kept -= known?.kept.size ?? 0;
    const { length } = info.channels;
    session.open.set(info.id, {
      info,
      kept: new KeptBins(length, KEPT_PER_S),
      keeping: new SignalBins(length, KEPT_PER_S, PACKED_PER_S),
      rates: new Map(),
    });
  }

  #close({ open }: Session, { info, kept }: WatchedStream): void {
    this.#kept -= kept.size;
    open.delete(info.id);
  }

  #keep(name: string, session: Session, stream: WatchedStream, chunk: Chunk, zero: Seconds): void {
    const over = stream.keeping.take(chunk, zero);
    if (over.length === 0) return;
    this.#kept -= stream.kept.size;
    for (const bins of over) stream.kept.keep(bins);
    this.#kept += stream.kept.size;
    this.#sessions.delete(name);
    this.#sessions.set(name, session);
    for (const { open } of this.#sessions.values()) {
      if (this.#kept <= KEPT_IN_ALL) break;
      for (const { kept } of open.values()) {
        this.#kept -= kept.size;
        kept.clear();
      }
    }
  }
}

function isSlow({ sfreq }: StreamInfo, per_s: number): boolean {
  return sfreq > 0 && sfreq <= per_s;
}

function watched({ info, rates }: WatchedStream, per_s: number): SignalBins {
  const known = rates.get(per_s);
  if (known) return known;
  const begun = new SignalBins(info.channels.length, per_s, TOLD_PER_S);
  rates.set(per_s, begun);
  return begun;
}

function stopWatching({ open, next }: Session, per_s: number): void {
  next.delete(per_s);
  for (const { rates } of open.values()) rates.delete(per_s);
}

/** Bins in few messages, at `per_s` where they are more; the grids of rates that divide each other are one. */
function joined(all: readonly Bins[], per_s: number, channels: number): Bins[] {
  const longest = Math.max(1, Math.floor(PAST_VALUES / (2 * channels)));
  const told: { per_s: number; first: number; rows: (Bin | null)[] }[] = [];
  for (const { per_s: own, first, rows } of all) {
    const rate = Math.min(own, per_s);
    for (const [i, row] of rows.entries()) {
      const k = Math.floor(((first + i) * rate) / own);
      let last = told.at(-1);
      const end = last ? last.first + last.rows.length : Number.NaN;
      if (last && k === end - 1) {
        last.rows[k - last.first] = merged(last.rows[k - last.first], row);
        continue;
      }
      if (!last || k !== end || last.rows.length >= longest) {
        last = { per_s: rate, first: k, rows: [] };
        told.push(last);
      }
      last.rows.push(row);
    }
  }
  return told;
}

function merged(a: Bin | null, b: Bin | null): Bin | null {
  if (!a || !b) return a ?? b;
  // Where one is NaN, the other.
  return {
    least: a.least.map((value, c) => (b.least[c] < value || Number.isNaN(value) ? b.least[c] : value)),
    greatest: a.greatest.map((value, c) =>
      b.greatest[c] > value || Number.isNaN(value) ? b.greatest[c] : value,
    ),
    gap: a.gap || b.gap,
  };
}

function binsMessage(
  session: string,
  zero: Seconds | null,
  seq: number,
  id: string,
  { per_s, first, rows }: Bins,
): NumberedSignals {
  const side = (name: 'least' | 'greatest') =>
    rows.map((row) => row && Array.from(row[name], (value) => (Number.isNaN(value) ? null : value)));
  const gaps = rows.flatMap((row, i) => (row?.gap ? [i] : []));
  const bins = { per_s, first, least: side('least'), greatest: side('greatest'), gaps };
  return { stream: 'signals', session, seq, time: first / per_s, zero, kind: 'bins', id, bins };
}
