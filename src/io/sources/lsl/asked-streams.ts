import { Subject } from 'rxjs';
import type { Clock, Seconds, Timer } from '../../../core/clock.js';
import { streamTypeNamed } from '../../../signal/dialects/stream-type.js';
import type { Backend } from '../../lsl/backend.js';
import { lslErrorOf } from '../../lsl/lsl-error.js';
import type { LslContext } from '../../lsl/network.js';
import type { LslStreamInfo } from '../../lsl/stream-info.js';
import { ProtocolError } from '../../protocol/error-code.js';
import { defaultIngestLimits } from '../../protocol/limits.js';
import type { SessionMessage, Source } from '../source.js';
import { Listening, type LslSourceOptions } from './listening.js';
import { type LslDirectory, type LslDoor, type LslReception, MOST_ASKED } from './lsl-directory.js';

/** How long outlets have to answer before they are listed for the first time, s. */
const ANSWERED_WITHIN_S: Seconds = 1;
/** How long the network is asked after somebody wanted to know, s. */
const ASKS_FOR_S: Seconds = 60;
/** Most outlets in one list. */
const MOST_LISTED = 256;

type Received = Extract<LslReception, { readonly info: LslStreamInfo }>;

/** An outlet of the network, or one that was there a moment ago. */
export interface ListedOutlet {
  readonly info: LslStreamInfo;
  /** Which streams of which session it feeds; more than one where sources with other rules of sessions receive it. */
  readonly received: readonly Received[];
  /** Whether somebody connected it. */
  readonly isAsked: boolean;
  /** Why it is not received; null: it is. */
  readonly why: string | null;
}

export interface AskedStreamsOptions extends Pick<LslSourceOptions, 'session' | 'stall'> {
  readonly clock: Clock;
  /** Made when somebody first wants to know. @throws ConfigurationError of settings that can't be used. */
  readonly context: () => LslContext;
  /** What receives. @throws ConfigurationError where it isn't there. */
  readonly backend: () => Backend;
  readonly sessions: NonNullable<LslSourceOptions['sessions']>;
  readonly directory: LslDirectory;
}

/**
 * The network's streams as people see them and act on them by calls: which outlets there are, whichever the pipeline asks for, and those that
 * they connect into a session or disconnect. What they want holds until the daemon ends. The network is asked only while somebody wants to know, or
 * connected something.
 */
export class AskedStreams implements Source {
  readonly #messages = new Subject<SessionMessage>();
  readonly messages$ = this.#messages.asObservable();
  readonly #options: AskedStreamsOptions;
  #listening: Listening | null = null;
  #answered: Promise<void> = Promise.resolve();
  #idle: Timer | null = null;
  #isClosed = false;

  constructor(options: AskedStreamsOptions) {
    this.#options = options;
  }

  /** Received ones first, then by name. @throws ProtocolError `lsl-unusable` where the network can't be asked. */
  async list(): Promise<{ readonly outlets: readonly ListedOutlet[]; readonly more: boolean }> {
    await this.#look();
    const { directory } = this.#options;
    const infos = new Map(directory.sighted());
    for (const door of directory.doors) for (const { info } of door.received) infos.set(info.uid, info);
    const outlets = [...infos.values()].map((info): ListedOutlet => {
      const received = this.#received(info.uid);
      return {
        ...{ info, received, isAsked: directory.wishFor(info)?.uid === info.uid },
        why: received.length > 0 ? null : this.#whyNot(info),
      };
    });
    outlets.sort(
      (a, b) =>
        Number(b.received.length > 0) - Number(a.received.length > 0) ||
        compare(a.info.name, b.info.name) ||
        compare(a.info.uid, b.info.uid),
    );
    return { outlets: outlets.slice(0, MOST_LISTED), more: outlets.length > MOST_LISTED };
  }

  /**
   * Receives an outlet into a session, whatever the pipeline asks for; default: the one that a source of the daemon's would take it into.
   * @throws ProtocolError `unknown-lsl-stream`, `lsl-connected`, `lsl-unusable`, `too-many-sessions`
   */
  async connect(uid: string, session: string | null): Promise<Received> {
    const listening = await this.#look();
    const { directory, sessions } = this.#options;
    const [known] = this.#received(uid);
    const info = known?.info ?? directory.sighted().get(uid);
    if (!info) throw unknown(uid);
    if (known || listening.receptionOf(uid)?.state === 'opening')
      throw new ProtocolError(
        'lsl-connected',
        known
          ? `LSL stream '${info.name}' is in session ${known.session} already; disconnect it first to have it elsewhere`
          : `LSL stream '${info.name}' is being connected`,
      );
    if (streamTypeNamed(info.type) === 'Affect')
      throw new ProtocolError('lsl-unusable', `LSL stream '${info.name}' ${PREDICTIONS_ARE_NO_INPUT}`);
    if (directory.wishes >= MOST_ASKED)
      throw new ProtocolError(
        'lsl-unusable',
        `${MOST_ASKED} streams are connected by calls, as many as may be; disconnect one`,
      );
    const { max_sessions } = defaultIngestLimits;
    if (session !== null && !sessions.has(session) && sessions.size >= max_sessions)
      throw new ProtocolError(
        'too-many-sessions',
        `${max_sessions} sessions run; connect it into one of them`,
      );
    const wish = directory.ask(info, session);
    try {
      return await listening.connect(info);
    } catch (error) {
      directory.forget(wish);
      throw new ProtocolError(
        'lsl-unusable',
        `LSL stream '${info.name}' can't be received: ${lslErrorOf(error).message}`,
      );
    }
  }

  /** Ends what is received from an outlet, for good. Gives what it was. @throws ProtocolError `unknown-lsl-stream`, `lsl-not-connected` */
  async disconnect(uid: string): Promise<Received> {
    await this.#look();
    const { directory } = this.#options;
    const [known] = this.#received(uid);
    const info = known?.info ?? directory.sighted().get(uid);
    if (!info) throw unknown(uid);
    if (!known)
      throw new ProtocolError(
        'lsl-not-connected',
        `LSL stream '${info.name}' is in no session: ${this.#whyNot(info)}`,
      );
    directory.leave(info);
    return known;
  }

  close(): void {
    this.#isClosed = true;
    this.#idle?.cancel();
    this.#listening?.close();
    this.#listening = null;
    this.#messages.complete();
  }

  /** Asks the network from here on, for a while at least; resolves once outlets have had time to answer. */
  async #look(): Promise<Listening> {
    const { context: contextOf, backend: backendOf, clock, directory, session, ...options } = this.#options;
    if (!this.#listening) {
      let context: LslContext;
      let backend: Backend;
      try {
        context = contextOf();
        backend = backendOf();
      } catch (error) {
        throw new ProtocolError('lsl-unusable', lslErrorOf(error).message);
      }
      const listening = new Listening(
        context,
        (info) => directory.wishFor(info)?.session ?? this.#sourceFor(info)?.sessionOf(info) ?? session,
        this.#messages,
        {
          ...{ ...options, backend, session, directory },
          admission: {
            admits: (info) => directory.wishFor(info) !== undefined,
            takes: (info) => {
              const wish = directory.wishFor(info);
              if (!wish) return false;
              const { uid } = wish;
              if (uid !== info.uid && isHeld(listening.receptionOf(uid))) return false;
              directory.moved(uid, info.uid);
              return true;
            },
            moved: (from, to) => directory.moved(from, to),
          },
        },
      );
      listening.follow(new Set(['']));
      this.#listening = listening;
      this.#answered = new Promise((resolve) => clock.after(ANSWERED_WITHIN_S, resolve));
    }
    this.#restLater();
    await this.#answered;
    if (!this.#listening || this.#isClosed) throw new ProtocolError('not-ready', 'the daemon ends');
    return this.#listening;
  }

  /** Asks no more once nobody wanted to know for a while, and nothing is connected. */
  #restLater(): void {
    this.#idle?.cancel();
    this.#idle = this.#options.clock.after(ASKS_FOR_S, () => {
      if (this.#options.directory.wishes > 0) return this.#restLater();
      this.#listening?.close();
      this.#listening = null;
    });
  }

  #received(uid: string): readonly Received[] {
    return [...this.#options.directory.doors].flatMap((door) =>
      door.received.filter(({ info }) => info.uid === uid),
    );
  }

  /** The door of the daemon's sources that asks for such a stream. */
  #sourceFor(info: LslStreamInfo): LslDoor | undefined {
    for (const door of this.#options.directory.doors)
      if (door !== this.#listening && door.wants(info)) return door;
    return undefined;
  }

  #whyNot(info: LslStreamInfo): string {
    const { directory } = this.#options;
    if (streamTypeNamed(info.type) === 'Affect') return PREDICTIONS_ARE_NO_INPUT;
    if (directory.isLeft(info)) return 'disconnected by a call; connect takes it again';
    const doors = [...directory.doors];
    for (const door of doors) {
      const reception = door.receptionOf(info.uid);
      if (reception?.state === 'refused') return `can't be received: ${reception.why}`;
    }
    if (this.#sourceFor(info) || directory.wishFor(info)) return 'about to be connected';
    return doors.length > 1
      ? 'no LSL source asks for it'
      : 'the pipeline has no source of type lsl, and the daemon runs without --lsl';
  }
}

const isHeld = (reception: LslReception | null): boolean =>
  reception !== null && reception.state !== 'refused';

const PREDICTIONS_ARE_NO_INPUT = 'holds predictions, which are no input';

const unknown = (uid: string): ProtocolError =>
  new ProtocolError('unknown-lsl-stream', `no outlet of uid '${uid}' answers; GET /v1/lsl tells which do`);

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
