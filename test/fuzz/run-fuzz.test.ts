import { afterAll, beforeAll, expect, it } from 'vitest';
import { FuzzProgram, type FuzzResult, fuzzLimits, nothingYet } from './run-fuzz.js';

const INPUTS = 9;
/** The sixth, counted from 0. */
const PLANTED = 5;
let program: FuzzProgram;
beforeAll(async () => {
  program = await FuzzProgram.make('planted-parsers', { ...fuzzLimits, wall_s: 2 });
});
afterAll(() => program.close());

async function run(name: string): Promise<FuzzResult> {
  const result = nothingYet(name);
  await program.run([result], INPUTS);
  return result;
}

it.each(['sound', 'refusing'])('a parser that is %s has no failure', async (name) => {
  const { next, parsed, refused, failures } = await run(name);
  expect({ next, failures }).toEqual({ next: INPUTS, failures: [] });
  expect(refused > 0).toBe(name === 'refusing');
  expect(parsed + refused).toBe(INPUTS);
});

it.each([
  ['throws', /^TypeError: /],
  ['repeats the engine', /^InputError: .*x is undefined/],
  ['rejects later', /^RangeError: late/],
  ['hangs', /^takes longer than 1 s$/],
  ['waits', /^takes longer than 1 s$/],
  ['takes memory', /^takes \d+ MB$/],
  // On a slow machine the collector takes more than a second before it gives up.
  ['takes the heap', /^ends the process \(SIG.*heap|^takes longer/s],
  ['ends the process', /^ends the process \(0\)/],
])('one that %s is found, and run on', async (name, what) => {
  const { next, failures } = await run(name);
  expect(failures).toEqual([{ input: PLANTED, what: expect.stringMatching(what), count: 1 }]);
  expect(next).toBe(INPUTS);
});

it('a seed is to be taken, or refused, as the table says', async () => {
  expect((await run('refuses what is sound')).failures).toEqual([
    { input: 0, what: 'refuses a sound seed: r: cut; export it again', count: 1 },
  ]);
  expect((await run('takes what is not')).failures).toEqual([
    { input: 0, what: 'takes a seed that is to be refused', count: 1 },
  ]);
});
