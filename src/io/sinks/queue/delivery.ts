import type { WireMessage } from '../../protocol/output.js';

/** A message on its way to subscribers, serialised once for all of them, and for nobody where there is none. */
export class Delivery {
  readonly #message: WireMessage;
  #bytes: Buffer | null = null;

  /** `key`: messages of equal key replace each other under policy `latest`. */
  constructor(
    message: WireMessage,
    readonly key: string,
  ) {
    this.#message = message;
  }

  get stream(): WireMessage['stream'] {
    return this.#message.stream;
  }

  get session(): string {
    return this.#message.session;
  }

  get bytes(): Buffer {
    this.#bytes ??= Buffer.from(JSON.stringify(this.#message));
    return this.#bytes;
  }
}
