import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Seconds } from '../core/clock.js';
import { AffectdError } from '../core/errors.js';
import type { Chunk, StreamInfo, StreamMessage } from '../core/signal.js';
import { IngestConnection, type Timers } from '../io/client/index.js';
import type { IngestStream } from '../io/client/ingest-client.js';

export interface FeedOptions {
  /** Address of a daemon. */
  readonly url: string;
  readonly session: string;
  /** Under which the daemon lets it resume. Default: a name of its own. */
  readonly client?: string;
  readonly token?: string;
  /** Take whatever certificate the daemon shows: for one that this process started itself. */
  readonly trustAnyCertificate?: boolean;
  /** By which it waits before it connects again. Default: the system's. */
  readonly timers?: Timers;
}

/** A masked binary frame of 65,535 bytes begins so; the rest never comes. */
const HALF_A_FRAME = Buffer.from([0x82, 0xfe, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7]);

/** Sends stream messages to a daemon's `/v1/ingest`, as any device would. */
export class Feed {
  readonly #connection: IngestConnection;
  readonly #url: string;
  readonly #streams = new Map<string, IngestStream>();
  #opened: Promise<void>[] = [];
  /** What the connection runs on. */
  #line: Socket | null = null;
  /** Whether we broke the connection ourselves, and it isn't back. */
  #isCut = false;
  #abandon: () => void = () => {};
  readonly #abandoned = new Promise<void>((resolve) => {
    this.#abandon = resolve;
  });

  constructor(options: FeedOptions) {
    const { url, trustAnyCertificate = false, ...rest } = options;
    this.#url = url;
    const hasLine = (line: Socket): void => {
      this.#line = line;
      this.#isCut = false;
    };
    this.#connection = new IngestConnection(url, {
      ...rest,
      WebSocket: class extends WebSocket {
        constructor(address: string | URL, protocols?: string | string[]) {
          // A daemon of this very process may have a certificate of its own making.
          super(address, protocols, trustAnyCertificate ? { rejectUnauthorized: false } : {});
          this.once('upgrade', ({ socket }) => hasLine(socket));
        }
      },
    });
  }

  /** `shift_s` is added to the stamps: a session that is played again goes on in time. */
  send(message: StreamMessage, shift_s: Seconds = 0): void {
    if (message.kind === 'open') {
      if (this.#streams.has(message.info.id)) return;
      const stream = this.#connection.open(declaration(message.info));
      this.#streams.set(message.info.id, stream);
      this.#opened.push(this.#openedOrUnreachable(stream));
    } else if (message.kind === 'chunk') {
      const { chunk } = message;
      this.#streams.get(chunk.info.id)?.push(
        interleaved(chunk),
        chunk.times.map((t) => t + shift_s),
      );
    } else if (message.kind === 'marker') {
      const { stream, time, value } = message.marker;
      this.#streams.get(stream)?.push([[value]], [time + shift_s]);
    }
  }

  /** Ends a stream once all that it sent is safe; one that is opened after that is another one. */
  async end(id: string): Promise<void> {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    if (stream) await Promise.race([stream.close(), this.#abandoned]);
  }

  /** Breaks the connection in the middle of a frame, as a fault would; it comes back by itself and nothing is lost. */
  cut(): void {
    const line = this.#line;
    if (!line || line.destroyed) return;
    this.#isCut = true;
    line.write(HALF_A_FRAME, () => line.destroy());
  }

  /** Resolves once the daemon knows every stream: what is sent from then on arrives in the order of sending. */
  async ready(): Promise<void> {
    if (this.#opened.length > 0) await Promise.race([Promise.all(this.#opened), this.#abandoned]);
    this.#opened = [];
  }

  /** A connection that drops before its first answer has nobody at the other end. */
  #openedOrUnreachable(stream: IngestStream): Promise<void> {
    const opened = new Promise<void>((resolve, reject) => {
      stream.on('open', () => resolve());
      stream.on('error', reject);
      stream.on('state', (state) => {
        if (state !== 'reconnecting' || this.#isCut) return;
        reject(
          new AffectdError(
            'daemon-unreachable',
            `no daemon answers at ${this.#url}; start one with affectd run, or give its --url`,
          ),
        );
        this.#connection.abandon();
      });
    });
    opened.catch(() => {});
    return opened;
  }

  /** Frames that the daemon has not acknowledged. */
  get unacknowledged(): number {
    let frames = 0;
    for (const stream of this.#streams.values()) frames += stream.unacknowledged;
    return frames;
  }

  /** Ends at once, whatever is still under way. */
  abandon(): void {
    this.#connection.abandon();
    this.#abandon();
  }

  /** Resolves once everything sent is safe. */
  close(): Promise<void> {
    return this.#connection.close();
  }
}

function declaration({ name, type, sfreq, sourceId, channels, dialect, simulated }: StreamInfo) {
  return {
    name,
    type,
    sfreq,
    source_id: sourceId,
    // What one sender makes or reads has one clock, which isn't that of another one in the session.
    clock: 'device' as const,
    channels: channels.map(({ label, unit, type: kind }) => ({ label, unit, type: kind })),
    ...(dialect !== undefined && { device: dialect }),
    ...(simulated && { simulated }),
  };
}

/** Sample by sample, as the wire wants it. */
function interleaved({ info, data, times }: Chunk): Float32Array {
  const n = times.length;
  const channels = info.channels.length;
  const samples = new Float32Array(n * channels);
  for (let c = 0; c < channels; c++) for (let i = 0; i < n; i++) samples[i * channels + c] = data[c * n + i];
  return samples;
}
