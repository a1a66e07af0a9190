import type { WireMessage } from '../../protocol/output.js';

/** A message on its way to subscribers, serialised once for all of them, and for nobody where there is none. */
export class Delivery {
  readonly #message: WireMessage;
  #text: string | null = null;
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

  get text(): string {
    this.#text ??= JSON.stringify(this.#message);
    return this.#text;
  }

  get bytes(): Buffer {
    this.#bytes ??= Buffer.from(this.text);
    return this.#bytes;
  }
}
