import type { Seconds } from '../../core/clock.js';
import type { EventSink, SessionEvent } from '../../core/event.js';
import type { StreamMessage } from '../../core/signal.js';
import type { MissingChannel } from './interpolation-watch.js';

/** What a session's graph tells people of its streams. */
export class GraphEvents {
  readonly #session: string;
  readonly #events: EventSink;

  constructor(session: string, events: EventSink) {
    this.#session = session;
    this.#events = events;
  }

  samplesLate(stream: string, time: Seconds, closedUntil: Seconds): void {
    this.#tell({
      ...{ code: 'samples-late', level: 'warn', stream, time },
      message: `samples of ${stream} at ${time.toFixed(3)} s came after the window at ${closedUntil} s closed`,
    });
  }

  gapFound(stream: string, time: Seconds): void {
    this.#tell({
      ...{ code: 'gap-found', level: 'info', stream, time },
      message: `samples of ${stream} are missing before ${time.toFixed(3)} s`,
    });
  }

  samplesDropped(stream: string): void {
    this.#tell({
      ...{ code: 'samples-dropped', level: 'warn', stream },
      message: `samples of ${stream} are left out: more come at one time than a window holds; send stamps that move on, fewer channels or a lower rate`,
    });
  }

  /** `of`: as its marker names the stream. */
  markerDropped(stream: string, of: string, time: Seconds): void {
    this.#tell({
      ...{ code: 'samples-dropped', level: 'warn', stream, time },
      message: `a marker of ${of} at ${time.toFixed(3)} s is left out: too many wait for windows that end after them`,
    });
  }

  timeSkipped(stream: string, jumps: number, skipped_s: Seconds): void {
    this.#tell({
      ...{ code: 'time-skipped', level: 'warn', stream },
      message: `stamps of ${stream} jump ahead by ${skipped_s.toFixed(1)} s that nothing else tells of: the windows in between are left out`,
      details: { jumps, skipped_s },
    });
  }

  /** `stream`: whose samples come after a silence of which nothing told before; null: a tick does. */
  silenceSkipped(stream: string | null, time: Seconds, skipped_s: Seconds): void {
    this.#tell({
      ...{ code: 'time-skipped', level: 'warn', time },
      ...(stream !== null && { stream }),
      message: `nothing tells of ${skipped_s.toFixed(1)} s before ${stream === null ? 'the time' : `samples of ${stream} at`} ${time.toFixed(3)} s: windows in between are left out`,
      details: { jumps: 1, skipped_s },
    });
  }

  streamIgnored(source: string, stream: string, reason: string): void {
    this.#tell({
      ...{ code: 'stream-ignored', level: 'warn', stream },
      message: `${source}: stream ${stream} can't be used: ${reason}`,
    });
  }

  silence(source: string, stream: string, time: Seconds, isStale: boolean): void {
    this.#tell(
      isStale
        ? {
            ...{ code: 'stream-stale', level: 'warn', stream, time },
            message: `${source}: no samples of ${stream} lately; masked`,
          }
        : {
            ...{ code: 'stream-returned', level: 'info', stream, time },
            message: `${source}: samples of ${stream} are back`,
          },
    );
  }

  /** `node` fills channels in, or has them masked. */
  channelMissing(
    node: string,
    source: string,
    stream: string,
    { label, time, mended, missing, channels }: MissingChannel,
  ): void {
    const at = `${source}: ${label} is missing at ${time.toFixed(3)} s`;
    this.#tell({
      ...{ code: mended ? 'channel-interpolated' : 'channel-masked', level: 'warn', stream, time },
      message: mended
        ? `${at}; ${node} fills it in from the other ${channels - missing} channels, whenever it can`
        : `${at}, with ${missing} of ${channels} channels: too many for ${node}, or no place on the scalp is known; masked`,
    });
  }

  #tell({ code, level, ...rest }: SessionEvent): void {
    this.#events({ code, level, session: this.#session, ...rest });
  }
}

/** Tells of a message of samples that the session's graph never gets. */
export function samplesLeftOut(session: string, message: StreamMessage): SessionEvent {
  const stream = message.kind === 'chunk' ? message.chunk.info.name : undefined;
  return {
    ...{ code: 'samples-dropped', level: 'warn', session },
    ...(stream !== undefined && { stream }),
    message: `session ${session}: ${stream === undefined ? 'a marker is' : `samples of ${stream} are`} left out: more waits for the windows of what came before than is kept`,
  };
}
