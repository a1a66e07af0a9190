import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock, Seconds } from '../../core/clock.js';
import { owned } from '../../core/owned.js';
import { ProtocolError } from '../protocol/error-code.js';
import { type Access, requestUrl } from './access.js';
import { sendRefusal } from './send.js';

/** Where files are had, each below this by its name. */
const DOWNLOADS_PATH = '/v1/recordings/';
/** Files that are sent at once. */
const MOST_DOWNLOADS = 4;
/** Who takes nothing for so long is cut off, s. */
const TAKES_WITHIN_S: Seconds = 30;

/** A file as far as it goes at present. */
export interface ServedFile {
  readonly bytes: number;
  /** Reads it, unless it is empty; that closes it, too. */
  read(): Readable;
  close(): Promise<void>;
}

/** Opens a file that may be had, by its name; null: there is none. */
export type OpenFile = (name: string) => Promise<ServedFile | null>;

export interface DownloadsOptions {
  readonly access: Access;
  readonly clock: Pick<Clock, 'every'>;
  /** Null: there are none. */
  readonly open: OpenFile | null;
}

/**
 * `GET /v1/recordings/FILE`: a recording as it is on the disk, piece by piece as it is taken. What people's bodies gave is for those alone
 * who may act.
 */
export class Downloads {
  readonly #options: DownloadsOptions;
  #running = 0;

  constructor(options: DownloadsOptions) {
    this.#options = options;
  }

  /** Serves the request if its path is a file's; else false. */
  take(request: IncomingMessage, response: ServerResponse): boolean {
    const { open } = this.#options;
    const { pathname } = requestUrl(request);
    if (!open || !pathname.startsWith(DOWNLOADS_PATH)) return false;
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    owned(this.#serve(open, pathname.slice(DOWNLOADS_PATH.length), request, response), (error) => {
      if (error instanceof ProtocolError && !response.headersSent) sendRefusal(response, error);
      else response.destroy();
    });
    return true;
  }

  async #serve(
    open: OpenFile,
    segment: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { access } = this.#options;
    if (!access.authorised(request))
      throw new ProtocolError('unauthorised', 'this daemon asks for a bearer token');
    const refusal = access.actRefusal(request);
    if (refusal !== null) throw new ProtocolError('acting-forbidden', refusal);
    if (this.#running >= MOST_DOWNLOADS)
      throw new ProtocolError(
        'too-many-downloads',
        `${MOST_DOWNLOADS} recordings are being sent; ask again when one is through`,
      );
    this.#running++;
    try {
      const name = decoded(segment);
      const file = name === null ? null : await open(name);
      if (!file)
        throw new ProtocolError(
          'unknown-recording',
          'no recording of this name; GET /v1/recordings tells which there are',
        );
      response.writeHead(200, {
        'Content-Type': 'application/octet-stream',
        'Content-Length': file.bytes,
        'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name!)}`,
        'Cache-Control': 'no-store',
      });
      if (request.method === 'HEAD' || file.bytes === 0) {
        response.end();
        await file.close();
      } else await this.#send(file, response);
    } finally {
      this.#running--;
    }
  }

  async #send(file: ServedFile, response: ServerResponse): Promise<void> {
    const taken = (): number => (response.socket?.bytesWritten ?? 0) - (response.socket?.writableLength ?? 0);
    let before = -1;
    const watch = this.#options.clock.every(TAKES_WITHIN_S, () => {
      if (taken() === before) response.destroy();
      before = taken();
    });
    try {
      await pipeline(file.read(), response);
    } finally {
      watch.cancel();
    }
  }
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
