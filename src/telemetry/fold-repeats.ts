import { type MonoTypeOperatorFunction, Observable, Subject } from 'rxjs';
import type { Clock, Seconds, Timer } from '../core/clock.js';
import type { EventCode, EventSink, SessionEvent } from '../core/event.js';
import { errorOf } from '../core/owned.js';

/** How long repeats of a kind are counted before one line tells of them, s. */
const FOLD_S: Seconds = 1;
/** Streams of one session, and sessions, whose events of one code are told apart within that time. */
const MOST_STREAMS = 8;
const MOST_SESSIONS = 64;

/** Codes that undo each other are one kind, so that the one told last is the one that holds. */
const pairs: readonly (readonly [EventCode, EventCode])[] = [
  ['session-opened', 'session-closed'],
  ['stream-opened', 'stream-closed'],
  ['stream-stale', 'stream-returned'],
  ['stream-lost', 'stream-recovered'],
  ['recording-opened', 'recording-closed'],
];
const pairOf = new Map(pairs.flatMap((pair) => pair.map((code) => [code, pair[0]] as const)));

interface Fold {
  readonly timer: Timer;
  /** Counted towards these, which say how many are told apart. */
  readonly groups: readonly string[];
  /** What may still be told at once: of a pair each code. */
  room: number;
  /** Events since the last one that was told, and the newest of them. */
  count: number;
  last: SessionEvent | null;
}

/**
 * Tells the first event of a kind (code, session and stream) at once, and of those that repeat it within a second the last,
 * with `count`, at the second's end. Who makes up names of streams or sessions has no more lines: beyond 8 streams of a session
 * and 64 sessions, what the others tell is one kind.
 */
export function foldRepeats(clock: Pick<Clock, 'after'>): MonoTypeOperatorFunction<SessionEvent> {
  return (events$) =>
    new Observable<SessionEvent>((subscriber) => {
      const folds = new Map<string, Fold>();
      /** Folds of each group. */
      const sizes = new Map<string, number>();

      const tell = (fold: Fold): void => {
        const { last, count } = fold;
        fold.last = null;
        fold.count = 0;
        if (last) subscriber.next(count === 1 ? last : { ...last, count });
      };
      const resize = (groups: readonly string[], by: 1 | -1): void => {
        for (const group of groups) {
          const size = (sizes.get(group) ?? 0) + by;
          if (size === 0) sizes.delete(group);
          else sizes.set(group, size);
        }
      };
      const begin = (key: string, groups: readonly string[], room: number): void => {
        resize(groups, 1);
        const timer = clock.after(FOLD_S, () => {
          const fold = folds.get(key)!;
          folds.delete(key);
          resize(groups, -1);
          if (!fold.last) return;
          // What goes on is told once a second.
          begin(key, groups, 0);
          tell(fold);
        });
        folds.set(key, { timer, groups, room, count: 0, last: null });
      };
      /** The narrowest kind that has room. */
      const kindOf = ({ code, session = '', stream = '' }: SessionEvent): [string, readonly string[]] => {
        const all = pairOf.get(code) ?? code;
        const own = JSON.stringify([all, session]);
        const narrow = JSON.stringify([all, session, stream]);
        if (folds.has(narrow)) return [narrow, []];
        const isKnown = (sizes.get(own) ?? 0) > 0;
        if (!isKnown && (sizes.get(all) ?? 0) >= MOST_SESSIONS) return [all, []];
        if ((sizes.get(own) ?? 0) >= MOST_STREAMS) return [own, []];
        return [narrow, isKnown ? [own] : [own, all]];
      };

      const subscription = events$.subscribe({
        next: (event) => {
          const [key, groups] = kindOf(event);
          const known = folds.get(key);
          if (!known) begin(key, groups, pairOf.has(event.code) ? 1 : 0);
          else if (known.room > 0 && known.last === null) known.room--;
          else {
            known.count += event.count ?? 1;
            known.last = event;
            return;
          }
          subscriber.next(event);
        },
        error: (error) => {
          for (const fold of folds.values()) tell(fold);
          subscriber.error(error);
        },
        complete: () => {
          for (const fold of folds.values()) tell(fold);
          subscriber.complete();
        },
      });
      return () => {
        subscription.unsubscribe();
        for (const { timer } of folds.values()) timer.cancel();
      };
    });
}

/** A sink that tells `sink` of its events folded; `close` tells what is left. */
export function foldedSink(
  clock: Pick<Clock, 'after'>,
  sink: EventSink,
): { readonly events: EventSink; readonly close: () => void } {
  const events = new Subject<SessionEvent>();
  events.pipe(foldRepeats(clock)).subscribe({
    next: sink,
    error: (error: unknown) =>
      sink({ code: 'sink-failed', level: 'error', message: `no more events: ${errorOf(error).message}` }),
  });
  return { events: (event) => events.next(event), close: () => events.complete() };
}
