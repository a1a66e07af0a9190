import type { Random } from '../../src/core/random.js';

/** An input of a parser, written by a script or a test of ours. */
export interface Seed {
  /** What the parser is to take it for: a file's name where it reads files. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** It isn't sound: the parser is to refuse it. */
  readonly isRefused?: boolean;
}

/** Bytes at which parsers part ways. */
const BYTES = [0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x20, 0x22, 0x2c, 0x2d, 0x30, 0x3c, 0x7b];
/** Lengths, counts and stamps as nobody sends them. */
const NUMBERS = [0, 1, -1, 2, 0x7f, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 2 ** 40, 2 ** 53]; // biome-ignore format: one list
const REALS = [0, -0, 1e-310, 1e9, -1e300, 1e308, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53];
/** Numbers as texts have them. */
const TEXTS = ['0', '-1', '1e308', '-1e308', '1e-320', 'NaN', 'Infinity', '99999999999', '0x10', '1.5', '', '4294967296']; // biome-ignore format: one list
/** A mutated input is no larger: growth is no fault of a parser. */
const MAX_BYTES = 32_768;
const MOST_CHANGES = 8;

/**
 * One of `seeds` with some changes, one half of the time: flipped bits, bytes and numbers at limits, cuts, repeats, parts of other seeds, and
 * words of `words`. The same of the same `random`.
 */
export function mutated(seeds: readonly Seed[], words: readonly string[], random: Random): Seed {
  const below = (n: number) => Math.floor(n * random.uniform());
  const seed = seeds[below(seeds.length)];
  let bytes = Buffer.from(seed.bytes);
  let changes = 0;
  do {
    const at = below(bytes.length + 1);
    bytes = Buffer.from(changed(bytes, at, seeds, words, below)).subarray(0, MAX_BYTES);
  } while (++changes < MOST_CHANGES && below(2) === 0);
  return { name: seed.name, bytes };
}

function changed(
  bytes: Buffer,
  at: number,
  seeds: readonly Seed[],
  words: readonly string[],
  below: (n: number) => number,
): Uint8Array {
  const end = at + Math.min(1 + below(1 << below(11)), bytes.length - at);
  const put = (part: Uint8Array, to: number) =>
    Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(to)]);
  switch (below(11)) {
    case 0:
      if (at < bytes.length) bytes[at] ^= 1 << below(8);
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at] = BYTES[below(BYTES.length)];
      return bytes;
    case 2: {
      const number = numberBytes(below);
      return put(number, Math.min(bytes.length, at + number.length));
    }
    case 3:
      return bytes.subarray(0, at);
    case 4:
      return put(bytes.subarray(at, end), at);
    case 5:
      return put(Buffer.alloc(0), end);
    case 6: {
      const { bytes: other } = seeds[below(seeds.length)];
      const from = below(other.length + 1);
      const part = other.subarray(from, from + 1 + below(1 << below(11)));
      return put(part, below(2) === 0 ? at : Math.min(bytes.length, at + part.length));
    }
    case 7:
      return put(numberBytes(below), at);
    case 8: {
      // A number of a text.
      const text = bytes.toString('latin1');
      const digits = /-?\d+(\.\d+)?/g;
      digits.lastIndex = at;
      const found = digits.exec(text);
      if (!found) return bytes;
      at = found.index;
      return put(Buffer.from(TEXTS[below(TEXTS.length)]), at + found[0].length);
    }
    case 9: {
      const word = Buffer.from(words.length > 0 ? words[below(words.length)] : '\0');
      return put(word, below(2) === 0 ? at : Math.min(bytes.length, at + word.length));
    }
    default: {
      const part = bytes.subarray(at, end);
      const repeats = 1 << below(9);
      return put(Buffer.concat(Array(repeats).fill(part)).subarray(0, MAX_BYTES), end);
    }
  }
}

function numberBytes(below: (n: number) => number): Buffer {
  const bytes = Buffer.alloc(8);
  const isLittle = below(2) === 0;
  if (below(4) === 0) {
    const real = REALS[below(REALS.length)];
    if (isLittle) bytes.writeDoubleLE(real);
    else bytes.writeDoubleBE(real);
    return bytes;
  }
  const width = 1 << below(4);
  const number = BigInt.asUintN(64, BigInt(NUMBERS[below(NUMBERS.length)]));
  if (isLittle) {
    bytes.writeBigUInt64LE(number);
    return bytes.subarray(0, width);
  }
  bytes.writeBigUInt64BE(number);
  return bytes.subarray(8 - width);
}
