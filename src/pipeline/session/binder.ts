import type { Seconds } from '../../core/clock.js';
import type { EventSink, SessionEvent } from '../../core/event.js';
import { SET_MARKERS } from '../../core/set-markers.js';
import { isSameStream, type StreamInfo, type StreamMessage, TIME_TOLERANCE_S } from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';
import { truthChannels } from '../../core/truth.js';
import { staleLimit_s } from '../../signal/timebase/stale-limit.js';
import type { SourceNode } from '../file/pipeline.js';
import { selects } from '../file/stream-selector.js';
import { type Claim, claimsOf } from './claims.js';
import { carriedOver, type Holder, type Holders } from './holders.js';
import { areRelated, identity } from './stream-identity.js';
import { areAtOnce, type StreamSpan } from './stream-span.js';

/** How long a source is kept for the stream that it lost, s. */
export const HOLD_S: Seconds = 30;
/** Streams that a source remembers, so that each may take it back. */
const MAX_HOLDERS = 16;

/** A source of the pipeline is fed by this stream from here on. */
export interface Binding {
  readonly source: string;
  readonly stream: StreamInfo;
}

export interface BinderOptions {
  readonly session: string;
  readonly events: EventSink;
  /** Why a source can't use a stream that it asks for; null where it can. Default: it can. */
  readonly unusable?: (source: SourceNode, stream: StreamInfo) => string | null;
  /** Of a recording's streams, by id. */
  readonly spans?: ReadonlyMap<string, StreamSpan>;
}

interface KnownStream {
  info: StreamInfo;
  /** What tells it from the session's other streams, the same when it returns. */
  readonly key: string;
  /** 1, or which of several it is that are equal and open at once. */
  readonly number: number;
  openedAt: Seconds;
  /** Number of the message that opened it; of two at the same time the order tells. */
  opened: number;
  /** When samples came last; -Infinity: never. */
  heardAt: Seconds;
  heard: number;
  /** The claim that it feeds. */
  claim: string | null;
  /** Whether it was described anew since it was bound last. */
  isChanged: boolean;
  /** What was told of it last, while it feeds nothing. */
  told: string | null;
  /** Sources that ask for it and can use it; null: not looked at yet. */
  usableBy: readonly string[] | null;
}

export interface BinderState {
  readonly streams: readonly Readonly<KnownStream>[];
  /** By claim: which streams fed it, the present one last. */
  readonly holders: readonly (readonly [claim: string, holders: Holders])[];
  /** By claim: names of the sources. */
  readonly sources: readonly (readonly [claim: string, names: readonly string[]])[];
  /** How many it took. */
  readonly messages: number;
}

const NOTHING: readonly Binding[] = [];

/**
 * Decides which stream feeds which source of a pipeline: a state machine of what opens, delivers and closes, at times
 * that it is told. Those may be arrivals or, in a recording, stamps; the same messages at the same times give the same
 * bindings.
 *
 * A source is fed by the first stream that fits and delivers; a stream feeds the source that asks for most, and others
 * only if they ask for the same. A stream that is cut or silent keeps its source for 30 s, one that was closed on
 * purpose for none. Then one may follow that opened after the lost one's last sample, on the same machine or by the
 * same client; any other only where the source has `failover`. One that fed the source before takes it back as soon as
 * it delivers. Streams of a recording, of which it is known how long they are, give way to the one with most samples
 * of those that overlap.
 */
export class Binder implements Stateful<BinderState> {
  readonly #options: BinderOptions;
  readonly #streams = new Map<string, KnownStream>();
  readonly #holders = new Map<string, Holder[]>();
  readonly #claims: readonly Claim[];
  #messages = 0;

  constructor(sources: Iterable<SourceNode>, options: BinderOptions) {
    this.#options = options;
    this.#claims = claimsOf(sources);
  }

  /**
   * Goes on in place of a binder of another pipeline's sources. One that has its name and still asks for what fed it, and
   * one that asks for what another did, is fed as it was; gives those that were not fed so before.
   */
  takeOver({
    streams,
    holders: heldBefore,
    sources: claimsBefore,
    messages,
  }: BinderState): readonly Binding[] {
    const [before, after] = carriedOver(this.#claims, heldBefore, claimsBefore);
    const fed = new Map([...after].map(([claim, holders]) => [holders[holders.length - 1].key, claim]));
    this.restore({
      streams: streams.map((stream) => ({
        ...stream,
        ...{ claim: fed.get(stream.key) ?? null, usableBy: null },
      })),
      holders: [...after],
      messages,
    });
    return this.#claims.flatMap(({ key, sources }) => {
      const present = after.get(key)?.at(-1);
      if (!present) return [];
      const others = sources
        .filter(({ name }) => before.get(name)?.at(-1)?.key !== present.key)
        .filter((source) => this.#isUsable(source, present.info))
        .map(({ name }) => name);
      if (others.length > 0) this.#tellMatched(present.info, others);
      return others.map((source) => ({ source, stream: present.info }));
    });
  }

  /** Streams fed sources before the daemon was started again at `now`: each is awaited as if it had been cut then. */
  expect(bindings: readonly Binding[], now: Seconds): void {
    for (const { source, stream: info } of bindings) {
      const claim = this.#claims.find(({ sources }) => sources.some(({ name }) => name === source));
      if (!claim || !selects(claim.sources[0], info)) continue;
      const lost = { heardAt: now, heard: this.#messages, closedAt: now, onPurpose: false };
      this.#holders.set(claim.key, [{ info, key: identity(info), ...lost, isExpected: true }]);
    }
  }

  /** A session goes on that another daemon ran: these streams are open at `now`, and feed sources so. */
  goOn(open: readonly StreamInfo[], bindings: readonly Binding[], now: Seconds): void {
    for (const info of open) this.#open(info, now);
    for (const { source, stream: info } of bindings) {
      const claim = this.#claims.find(({ sources }) => sources.some(({ name }) => name === source));
      if (!claim || !selects(claim.sources[0], info)) continue;
      const stream = this.#streams.get(info.id);
      const key = stream?.key ?? identity(info);
      const lost = stream ? { closedAt: null } : { closedAt: now };
      this.#holders.set(claim.key, [
        { info, key, heardAt: now, heard: this.#messages, ...lost, onPurpose: false },
      ]);
      if (stream) Object.assign(stream, { claim: claim.key, heardAt: now });
    }
  }

  /**
   * What follows from `message`, which comes at `now`, before it is passed on. `now` never falls; -Infinity where a
   * recording's first sample is still to come. `until`: when a chunk's last sample comes, where that is not `now`.
   */
  take(message: StreamMessage, now: Seconds, until: Seconds = now): readonly Binding[] {
    this.#messages++;
    switch (message.kind) {
      case 'open':
        this.#open(message.info, now);
        return NOTHING;
      case 'chunk':
        return message.chunk.times.length > 0 ? this.#heard(message.chunk.info.id, now, until) : NOTHING;
      case 'zero':
      case 'marker':
      case 'bind':
      case 'stale':
      case 'dropped':
      case 'anew':
        return NOTHING;
      case 'close':
        this.#close(message.id, now, message.cut !== true);
        return NOTHING;
    }
  }

  /** Whether a stream feeds a source. */
  feeds(id: string): boolean {
    return (this.#streams.get(id)?.claim ?? null) !== null;
  }

  /** Why an open stream feeds no source; null: it feeds one, or isn't open. */
  whyUnbound(id: string): string | null {
    const stream = this.#streams.get(id);
    if (!stream || stream.claim !== null) return null;
    const { info } = stream;
    const claims = this.#claimsFor(info);
    if (claims.length === 0) return this.#whyUnmatched(info);
    if (claims.some((claim) => this.#usableSources(claim, stream).length > 0))
      return stream.told ?? 'it has sent no sample yet';
    return claims
      .flatMap(({ sources }) => sources)
      .map((source) => `${source.name} can't use it: ${this.#options.unusable?.(source, info)}`)
      .join('; ');
  }

  #whyUnmatched(info: StreamInfo): string {
    if (info.type === 'Annotation' && truthChannels(info) !== null) return 'it tells the truth';
    const asking = this.#claims
      .flatMap(({ sources }) => sources)
      .filter(({ stream_type }) => stream_type === info.type);
    if (asking.length === 0) return `no source takes type ${info.type}`;
    const names = asking.map(({ name }) => name).join(', ');
    const asks = asking.length > 1 ? 'ask' : 'asks';
    return `${names} ${asks} for another name, source id, host or channels`;
  }

  /** Whether an open stream, described so, could feed all the sources that it feeds. */
  keeps(info: StreamInfo): boolean {
    const stream = this.#streams.get(info.id);
    const claim = this.#claims.find(({ key }) => key === stream?.claim);
    if (!stream || !claim) return false;
    return this.#usableSources(claim, stream).every((source) => !this.#options.unusable?.(source, info));
  }

  snapshot(): BinderState {
    return {
      streams: [...this.#streams.values()].map((stream) => ({ ...stream })),
      holders: [...this.#holders].map(([claim, holders]) => [
        claim,
        holders.map((holder) => ({ ...holder })),
      ]),
      sources: this.#claims.map(({ key, sources }) => [key, sources.map(({ name }) => name)]),
      messages: this.#messages,
    };
  }

  restore({ streams, holders, messages }: Omit<BinderState, 'sources'>): void {
    this.#messages = messages;
    this.#streams.clear();
    this.#holders.clear();
    for (const stream of streams) this.#streams.set(stream.info.id, { ...stream });
    for (const [claim, held] of holders)
      this.#holders.set(
        claim,
        held.map((holder) => ({ ...holder })),
      );
  }

  #open(info: StreamInfo, now: Seconds): void {
    const key = identity(info);
    const known = this.#streams.get(info.id);
    if (known && identity(known.info) === key) {
      if (!isSameStream(known.info, info))
        Object.assign(known, { isChanged: true, usableBy: null, told: null });
      known.info = info;
      return;
    }
    if (known) this.#close(info.id, now, true);
    const first = this.#equalTo(info, key);
    let number = 1;
    for (const taken = new Set(first.map((stream) => stream.number)); taken.has(number); ) number++;
    this.#streams.set(info.id, {
      ...{ info, number, openedAt: now, opened: this.#messages },
      ...{ heardAt: Number.NEGATIVE_INFINITY, heard: 0 },
      key: number === 1 ? key : `${key}#${number}`,
      ...{ claim: null, isChanged: false, told: null, usableBy: null },
    });
    if (number > 1)
      this.#tell(
        info,
        'stream-duplicate',
        'warn',
        `stream ${info.name} (${info.type}) is open already, equal in name, source id and sender: the one that came later, ${info.id}, feeds nothing while ${first[0].info.id} delivers`,
      );
    // What people set is not a device's that was to feed something.
    if (info.sourceId === SET_MARKERS || this.#claimsFor(info).length > 0) return;
    const tells = info.type === 'Annotation' && truthChannels(info) !== null;
    this.#tell(
      info,
      'stream-unmatched',
      'info',
      `stream ${info.name} (${info.type}) feeds no source of the pipeline${tells ? '; it tells the truth' : ''}`,
    );
  }

  #close(id: string, now: Seconds, onPurpose: boolean): void {
    const stream = this.#streams.get(id);
    if (!stream) return;
    this.#streams.delete(id);
    const holder = stream.claim === null ? undefined : this.#holders.get(stream.claim)?.at(-1);
    if (holder?.key !== stream.key) return;
    holder.heardAt = stream.heardAt;
    holder.heard = stream.heard;
    holder.closedAt = now;
    holder.onPurpose = onPurpose;
  }

  #heard(id: string, now: Seconds, until: Seconds): readonly Binding[] {
    const stream = this.#streams.get(id);
    if (!stream) return NOTHING;
    // A recording doesn't tell when a stream opened.
    if (stream.openedAt === Number.NEGATIVE_INFINITY)
      Object.assign(stream, { openedAt: now, opened: this.#messages });
    stream.heardAt = until;
    stream.heard = this.#messages;
    if (stream.claim !== null) return stream.isChanged ? this.#bindAnew(stream, now) : NOTHING;
    const claims = this.#claimsFor(stream.info).filter(
      (claim) => this.#usableSources(claim, stream).length > 0,
    );
    if (claims.length === 0) return NOTHING;
    const former = claims.find((claim) =>
      this.#holders.get(claim.key)?.some(({ key }) => key === stream.key),
    );
    if (former) return this.#bind(former, stream, now);
    const reasons: string[] = [];
    for (const claim of claims) {
      const reason = this.#whyNot(claim, stream, now);
      if (reason === null) return this.#bind(claim, stream, now);
      reasons.push(reason);
    }
    const reason = reasons.join('; ');
    if (stream.told !== reason) {
      const { name, type } = stream.info;
      this.#tell(stream.info, 'stream-unmatched', 'info', `stream ${name} (${type}) waits: ${reason}`);
      stream.told = reason;
    }
    return NOTHING;
  }

  /** A stream that was described anew keeps its source, if that can use it still; else it is lost to it. */
  #bindAnew(stream: KnownStream, now: Seconds): readonly Binding[] {
    const claim = this.#claims.find(({ key }) => key === stream.claim)!;
    if (this.#usableSources(claim, stream).length > 0) return this.#bind(claim, stream, now);
    const holder = this.#holders.get(claim.key)?.at(-1);
    if (holder) Object.assign(holder, { closedAt: now, onPurpose: false });
    stream.claim = null;
    return NOTHING;
  }

  /** Why a stream may not feed a claim now; null: it may. */
  #whyNot(claim: Claim, stream: KnownStream, now: Seconds): string | null {
    const names = claim.sources.map(({ name }) => name).join(', ');
    const is = claim.sources.length > 1 ? 'are' : 'is';
    const repeated = this.#repeatedBy(stream, now);
    if (repeated) return `${names} ${is} not for a repeat of ${repeated.info.id}`;
    const holder = this.#holders.get(claim.key)?.at(-1);
    if (!holder) {
      const longer = this.#longer(claim, stream);
      return longer === null
        ? null
        : `${names} ${is} for ${longer.info.name}, which has more samples (${longer.span.samples})`;
    }
    const { name } = holder.info;
    const lostAt = this.#lostAt(holder, now);
    if (lostAt === null) return `${names} ${is} taken by ${name}`;
    if (!holder.onPurpose && now < lostAt + HOLD_S - TIME_TOLERANCE_S)
      return `${names} ${is} kept for ${name}, which is lost, for ${HOLD_S} s`;
    const follows =
      holder.isExpected || (this.#opensAfter(stream, holder) && areRelated(stream.info, holder.info));
    if (follows || claim.sources.some(({ failover }) => failover)) return null;
    return `${names} ${is} kept for ${name}, which is lost: who takes its place opens after that, on its machine or by its client, or the source has failover: true`;
  }

  #bind(claim: Claim, stream: KnownStream, now: Seconds): readonly Binding[] {
    const { info, key } = stream;
    const holders = this.#holders.get(claim.key) ?? [];
    const before = holders.at(-1);
    const place = holders.findIndex((holder) => holder.key === key);
    const { heard } = stream;
    const holder: Holder = { info, key, heardAt: now, heard, closedAt: null, onPurpose: false };
    const kept = place < 0 ? holders.slice(1 - MAX_HOLDERS) : holders.slice(0, place);
    this.#holders.set(claim.key, [...kept, holder]);
    for (const other of this.#streams.values())
      if (other.claim === claim.key) Object.assign(other, { claim: null, told: null });
    Object.assign(stream, { claim: claim.key, isChanged: false, told: null });
    const sources = this.#usableSources(claim, stream).map(({ name }) => name);
    if (before && before.key !== key)
      for (const source of sources)
        this.#tell(
          info,
          'source-rebound',
          'warn',
          `${source}: ${info.name} feeds it now instead of ${before.info.name}`,
          { source, from: before.info.id, to: info.id },
        );
    this.#tellMatched(info, sources);
    return sources.map((source) => ({ source, stream: info }));
  }

  #tellMatched(info: StreamInfo, sources: readonly string[]): void {
    const { name, type, channels, sfreq, simulated } = info;
    this.#tell(
      info,
      'stream-matched',
      'info',
      `stream ${name} (${type}, ${channels.length} channels, ${sfreq} Hz${simulated ? ', simulated' : ''}) feeds ${sources.join(', ')}`,
    );
  }

  /** When a stream was lost that feeds a source; null: it delivers. */
  #lostAt(holder: Holder, now: Seconds): Seconds | null {
    const heardAt = this.#heardAt(holder);
    const silentAt = heardAt + staleLimit_s(holder.info);
    if (holder.closedAt !== null) return Math.min(holder.closedAt, silentAt);
    return isSilent(holder.info, heardAt, now) ? silentAt : null;
  }

  #opensAfter({ openedAt, opened }: KnownStream, holder: Holder): boolean {
    const { heardAt, heard } = this.#present(holder);
    return openedAt > heardAt || (openedAt === heardAt && opened > heard);
  }

  #heardAt(holder: Holder): Seconds {
    return this.#present(holder).heardAt;
  }

  #present(holder: Holder): Pick<Holder, 'heardAt' | 'heard'> {
    const open = this.#streams.get(holder.info.id);
    return open?.key === holder.key ? open : holder;
  }

  /** The stream of a recording that `claim` is for, where that is another one that overlaps. */
  #longer(
    claim: Claim,
    stream: KnownStream,
  ): { readonly info: StreamInfo; readonly span: StreamSpan } | null {
    const { spans } = this.#options;
    const own = spans?.get(stream.info.id);
    if (!spans || !own) return null;
    let longest: { readonly info: StreamInfo; readonly span: StreamSpan } | null = null;
    for (const other of this.#streams.values()) {
      const span = spans.get(other.info.id);
      const isFree = other !== stream && other.claim === null && this.#claimsFor(other.info).includes(claim);
      if (!span || !isFree || !areAtOnce(own, span) || this.#usableSources(claim, other).length === 0)
        continue;
      if (span.samples > (longest?.span ?? own).samples) longest = { info: other.info, span };
    }
    return longest;
  }

  #claimsFor(info: StreamInfo): readonly Claim[] {
    return this.#claims.filter(({ sources: [source] }) => selects(source, info));
  }

  #usableSources(claim: Claim, stream: KnownStream): readonly SourceNode[] {
    stream.usableBy ??= this.#claimsFor(stream.info)
      .flatMap(({ sources }) => sources)
      .filter((source) => this.#isUsable(source, stream.info))
      .map(({ name }) => name);
    const usable = stream.usableBy;
    return claim.sources.filter(({ name }) => usable.includes(name));
  }

  #isUsable(source: SourceNode, info: StreamInfo): boolean {
    const reason = this.#options.unusable?.(source, info) ?? null;
    if (reason === null) return true;
    this.#tell(
      info,
      'stream-ignored',
      'warn',
      `${source.name}: stream ${info.name} can't be used: ${reason}`,
    );
    return false;
  }

  /** Open streams that nothing tells from one that opens. */
  #equalTo(info: StreamInfo, key: string): readonly KnownStream[] {
    return [...this.#streams.values()].filter(
      (stream) => identity(stream.info) === key && !this.#isOver(stream, info),
    );
  }

  /** Whether a recording tells that a stream ends before another one begins: it returns under another id, then. */
  #isOver(stream: KnownStream, info: StreamInfo): boolean {
    const before = this.#options.spans?.get(stream.info.id);
    const after = this.#options.spans?.get(info.id);
    return before !== undefined && after !== undefined && !areAtOnce(before, after);
  }

  /** The stream that delivers and that this one only repeats. */
  #repeatedBy(stream: KnownStream, now: Seconds): KnownStream | null {
    if (stream.number === 1) return null;
    const delivering = this.#equalTo(stream.info, identity(stream.info)).filter(
      ({ number, heardAt, info }) => number < stream.number && !isSilent(info, heardAt, now),
    );
    return delivering[0] ?? null;
  }

  #tell(
    { name }: StreamInfo,
    code: SessionEvent['code'],
    level: SessionEvent['level'],
    message: string,
    details?: SessionEvent['details'],
  ): void {
    const { session, events } = this.#options;
    events({ code, level, session, stream: name, message, ...(details && { details }) });
  }
}

/** Whether a stream that was heard at `heardAt` delivers no more. */
function isSilent(info: StreamInfo, heardAt: Seconds, now: Seconds): boolean {
  return now > heardAt + staleLimit_s(info) + TIME_TOLERANCE_S;
}
