import { recoveryKey } from '../../lsl/recovery.js';
import type { LslStreamInfo } from '../../lsl/stream-info.js';

/** Streams that people disconnected are remembered so many; then the first of them counts as any other. */
const MOST_LEFT = 256;
/** Streams that people may connect at a time. */
export const MOST_ASKED = 64;

/** How a stream fares at a door. `why`: it was tried, and that is why it can't be received. */
export type LslReception =
  | { readonly state: 'opening' }
  | { readonly state: 'refused'; readonly why: string }
  | {
      /** `lost`: its outlet doesn't answer, and is looked for. */
      readonly state: 'connected' | 'lost';
      readonly session: string;
      /** The session's streams that it gives, by id. */
      readonly streams: readonly string[];
      /** With the outlet that it comes from. */
      readonly info: LslStreamInfo;
    };

/** What receives streams of the network. */
export interface LslDoor {
  /** Those that answered lately, of what it asks for. */
  readonly sighted: readonly LslStreamInfo[];
  /** Whether it asks for such a stream. */
  wants(info: LslStreamInfo): boolean;
  /** The session that it takes a stream into, described whole. */
  sessionOf(info: LslStreamInfo): string;
  /** Those that it receives or lost a moment ago. */
  readonly received: readonly Extract<LslReception, { readonly info: LslStreamInfo }>[];
  /** Of an outlet; null: it has nothing to do with it. */
  receptionOf(uid: string): LslReception | null;
  /** Ends a stream on purpose. */
  end(uid: string): void;
}

/** Which streams a door may receive of those that it asks for. */
export interface Admission {
  /** Whether an outlet may be connected to, be it in the place of one that was lost. */
  admits(info: LslStreamInfo): boolean;
  /** Whether an outlet that appears is taken in. */
  takes(info: LslStreamInfo): boolean;
  /** What was received from the one outlet comes from another one. */
  moved(from: string, to: string): void;
}

/** Uids of outlets that equal one whose key this is, and are others all the same: they were there beside it. */
type Others = Set<string>;

/** A stream that somebody connected. One without a source id has its uid for a key, and so no successor. */
export interface Wish {
  /** The outlet that it comes from. */
  uid: string;
  readonly key: string;
  readonly others: Others;
  /** null: the session that the daemon's sources would take it into. */
  readonly session: string | null;
}

/** What a daemon's doors to the network's streams know of each other, and which streams people connected and disconnected. */
export class LslDirectory {
  readonly #doors = new Set<LslDoor>();
  /** Whom to leave alone: by recovery key, all but these. */
  readonly #left = new Map<string, Others>();
  readonly #wishes = new Set<Wish>();

  /** Of the pipeline's sources: what people asked for, or want to be left alone, is none of theirs. */
  readonly unasked: Admission = {
    admits: (info) => !this.isLeft(info) && this.wishFor(info) === undefined,
    takes: (info) => this.unasked.admits(info),
    moved: () => {},
  };

  get doors(): Iterable<LslDoor> {
    return this.#doors;
  }

  /** How many streams people connected. */
  get wishes(): number {
    return this.#wishes.size;
  }

  /** A door opens; the returned function tells that it is closed. */
  enter(door: LslDoor): () => void {
    this.#doors.add(door);
    return () => void this.#doors.delete(door);
  }

  /** Outlets that answered lately, by uid. */
  sighted(): ReadonlyMap<string, LslStreamInfo> {
    const found = new Map<string, LslStreamInfo>();
    for (const { sighted } of this.#doors) for (const info of sighted) found.set(info.uid, info);
    return found;
  }

  /** Whether somebody disconnected it. */
  isLeft(info: LslStreamInfo): boolean {
    const others = this.#left.get(recoveryKey(info));
    return others !== undefined && !others.has(info.uid);
  }

  /** The wish that an outlet fulfils, itself or in the place of the one that did. */
  wishFor(info: LslStreamInfo): Wish | undefined {
    for (const wish of this.#wishes) if (wish.uid === info.uid) return wish;
    const key = recoveryKey(info);
    for (const wish of this.#wishes) if (wish.key === key && !wish.others.has(info.uid)) return wish;
    return undefined;
  }

  /** Somebody connects an outlet; the returned wish is for {@link forget}. */
  ask(info: LslStreamInfo, session: string | null): Wish {
    const { uid } = info;
    const key = recoveryKey(info);
    const others = this.#beside(info);
    if ([...others].every((other) => this.#left.get(key)?.has(other))) this.#left.delete(key);
    this.#left.get(key)?.add(uid);
    const wish = { uid, key, others, session };
    this.#wishes.add(wish);
    return wish;
  }

  #beside(info: LslStreamInfo): Others {
    const key = recoveryKey(info);
    const equal = [...this.sighted().values()].filter((other) => recoveryKey(other) === key);
    return new Set(equal.map(({ uid }) => uid).filter((uid) => uid !== info.uid));
  }

  forget(wish: Wish): void {
    this.#wishes.delete(wish);
  }

  /** An asked-for stream comes from another outlet now. */
  moved(from: string, to: string): void {
    for (const wish of this.#wishes) if (wish.uid === from) wish.uid = to;
  }

  /** Somebody disconnects an outlet: every door ends it, and none takes it in again. */
  leave(info: LslStreamInfo): void {
    for (const wish of this.#wishes) if (wish.uid === info.uid) this.#wishes.delete(wish);
    const key = recoveryKey(info);
    const beside = this.#beside(info);
    const known = this.#left.get(key);
    this.#left.delete(key);
    this.#left.set(key, known ? new Set([...beside].filter((uid) => known.has(uid))) : beside);
    for (const oldest of this.#left.keys()) {
      if (this.#left.size <= MOST_LEFT) break;
      this.#left.delete(oldest);
    }
    for (const door of this.#doors) door.end(info.uid);
  }
}
