import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Seconds } from '../../../core/clock.js';
import type { HistoryStream } from '../../protocol/calls.js';

/** Messages of a block: enough that what they share is written once, and few enough to be packed within a millisecond. */
export const BLOCK_MESSAGES = 64;

/** What is known of a kept message without unpacking it. */
export interface KeptMessage {
  readonly stream: HistoryStream;
  /** When it was told, by the clock, s. */
  readonly at: Seconds;
  /** Session time of which it tells, s; null: of none. */
  readonly time: Seconds | null;
}

/** Some messages that follow each other, packed once they are all there: together they take a tenth of what their texts take. */
export class HistoryBlock {
  readonly #kept: KeptMessage[] = [];
  #texts: string[] = [];
  #packed: Buffer | null = null;

  get size(): number {
    return this.#kept.length;
  }

  get isFull(): boolean {
    return this.#packed !== null;
  }

  /** When its last message was told. */
  get last_s(): Seconds {
    return this.#kept.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
  }

  /** `text`: the message as JSON, which has no line break. */
  add(message: KeptMessage, text: string): void {
    this.#kept.push(message);
    this.#texts.push(text);
    if (this.#texts.length < BLOCK_MESSAGES) return;
    // Of its own: a part of a pool would keep all of it.
    this.#packed = Buffer.from(new Uint8Array(deflateRawSync(this.#texts.join('\n'), { level: 1 })).buffer);
    this.#texts = [];
  }

  indicesOf(isWanted: (message: KeptMessage) => boolean): number[] {
    return this.#kept.flatMap((message, i) => (isWanted(message) ? [i] : []));
  }

  textsOf(indices: readonly number[]): string[] {
    const texts = this.#packed ? inflateRawSync(this.#packed).toString().split('\n') : this.#texts;
    return indices.map((i) => texts[i]);
  }
}
