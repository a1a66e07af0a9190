import { InvalidArgumentError } from 'commander';
import { AffectdError } from '../../src/core/errors.js';
import { AffectdClientError } from '../../src/io/client/index.js';
import { LslError } from '../../src/io/lsl/lsl-error.js';
import { ProtocolError } from '../../src/io/protocol/error-code.js';
import type { Seed } from './mutation.js';

/** Something of ours that takes bytes from outside. */
export interface FuzzParser {
  readonly name: string;
  /** `wire`: what peers send, a message at a time; `reader`: files, settings and options. */
  readonly kind: 'wire' | 'reader';
  /** At most 16 kB each. */
  readonly seeds: () => readonly Seed[];
  /** Words of its language. */
  readonly words: readonly string[];
  /** Returns, or throws what {@link isRefusal} takes for a refusal. */
  readonly run: (bytes: Buffer, name: string) => unknown;
}

const ours = [AffectdError, LslError, ProtocolError, AffectdClientError, InvalidArgumentError];
const engines = [TypeError, RangeError, ReferenceError, SyntaxError];

/** Whether it is one clear line of ours; one that repeats what the engine said of a fault of ours is none. */
export function isRefusal(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || !ours.some((type) => thrown instanceof type)) return false;
  const { cause } = thrown;
  return !(
    engines.some((type) => cause instanceof type) && thrown.message.includes((cause as Error).message)
  );
}

export const textSeed = (text: string, name = ''): Seed => ({ name, bytes: Buffer.from(text) });
export const seed = (bytes: Uint8Array, name = ''): Seed => ({ name, bytes });
