import { InputError } from '../../src/core/errors.js';
import { type FuzzParser, textSeed } from './parser.js';

const planted = (name: string, run: FuzzParser['run'], seed = textSeed('sound')): FuzzParser => ({
  ...{ name, kind: 'reader', words: [], seeds: () => [seed] },
  run,
});

/** Fails so at the sixth input that a process gives it. */
const atSixth = (fail: () => unknown): FuzzParser['run'] => {
  let inputs = 0;
  return () => (++inputs === 6 ? fail() : null);
};
const kept: Uint8Array[] = [];

/** Parsers with faults of each kind that the runner is to find, and two without. */
export const parsers: readonly FuzzParser[] = [
  planted('sound', () => null),
  planted('refusing', (bytes) => {
    if (bytes.toString() !== 'sound') throw new InputError('recording-unreadable', 'r: cut; export it again');
  }),
  planted(
    'throws',
    atSixth(() => (null as unknown as Buffer).length),
  ),
  planted(
    'repeats the engine',
    atSixth(() => {
      const cause = new TypeError('x is undefined');
      throw new InputError('recording-unreadable', `r: can't be read: ${cause.message}`, { cause });
    }),
  ),
  planted(
    'rejects later',
    atSixth(() => void Promise.reject(new RangeError('late'))),
  ),
  planted('hangs', atSixth(() => { for (;;); })), // biome-ignore format: one line
  planted(
    'waits',
    atSixth(() => new Promise(() => {})),
  ),
  planted(
    'takes memory',
    atSixth(() => void kept.push(new Uint8Array(600e6))),
  ),
  planted(
    'takes the heap',
    atSixth(() => {
      const all: unknown[] = [];
      for (;;) all.push(new Array(1e6).fill(1.5));
    }),
  ),
  planted(
    'ends the process',
    atSixth(() => process.exit(0)),
  ),
  planted('refuses what is sound', () => {
    throw new InputError('recording-unreadable', 'r: cut; export it again');
  }),
  planted('takes what is not', () => null, { ...textSeed('unsound'), isRefused: true }),
];
