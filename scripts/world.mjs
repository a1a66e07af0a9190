/**
 * Lets seeded worlds go by and tells what is broken in them, as few faults as it takes (docs/how-to/run-a-seeded-world.md):
 *
 *   npm run build && node scripts/world.mjs --seeds 10000 --out worlds.jsonl
 *
 * It goes on behind the last seed that the file of results holds. `--count` draws so many faults for each world, `--faults` gives all
 * these, `--seed` runs one.
 */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  brokenInvariants,
  formatWorldFault,
  parseWorldFaults,
  runWorld,
  shrunk,
  smallPipeline,
  smallPlan,
} from '../dist/testing/index.js';

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    duration: { type: 'string', default: '60' },
    count: { type: 'string' },
    faults: { type: 'string' },
    out: { type: 'string' },
    'no-shrink': { type: 'boolean', default: false },
  },
});
const duration_s = Number(options.duration);
const pipeline = smallPipeline();
const folder = mkdtempSync(join(tmpdir(), 'affectd-world-'));

const planOf = (seed) => {
  const plan = smallPlan(
    seed,
    duration_s,
    pipeline,
    options.count === undefined ? undefined : Number(options.count),
  );
  return options.faults === undefined ? plan : { ...plan, faults: parseWorldFaults(options.faults) };
};
let passed_s = 0;
/** Of the processor, as others may use it, too. */
let world_us = 0;
let check_us = 0;
const used_us = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const brokenIn = async (plan) => {
  const began = used_us();
  const history = await runWorld(plan, join(folder, 'disk'));
  const ran = used_us();
  const broken = await brokenInvariants(history, join(folder, 'files'));
  passed_s += history.passed_s;
  world_us += ran - began;
  check_us += used_us() - ran;
  return { broken, digest: history.digest };
};
/** What is broken without the figures: the same in a smaller world. */
const kindOf = (problem) => problem.replace(/[-\d.]+/g, '').slice(0, 40);

const done =
  options.out && existsSync(options.out) ? readFileSync(options.out, 'utf8').trim().split('\n') : [];
const results = done.filter((line) => line !== '').map((line) => JSON.parse(line));
const first = Math.max(Number(options.from), ...results.map(({ seed }) => seed + 1));
const seeds =
  options.seed !== undefined
    ? [Number(options.seed)]
    : Array.from(
        { length: Math.max(0, Number(options.from) + Number(options.seeds) - first) },
        (_, i) => first + i,
      );
try {
  for (const seed of seeds) {
    const plan = planOf(seed);
    const { broken, digest } = await brokenIn(plan);
    const result = { seed, faults: plan.faults.map(formatWorldFault), digest, broken };
    if (broken.length > 0 && !options['no-shrink']) {
      const kind = kindOf(broken[0]);
      const isBroken = async (smaller) =>
        (await brokenIn(smaller)).broken.some((one) => kindOf(one) === kind);
      const { faults, duration_s: length_s, part_s, restore_s } = await shrunk(plan, isBroken);
      result.shrunk = {
        faults: faults.map(formatWorldFault).join(),
        duration_s: length_s,
        part_s,
        restore_s,
      };
    }
    results.push(result);
    if (options.out) appendFileSync(options.out, `${JSON.stringify(result)}\n`);
    if (broken.length > 0) console.log(JSON.stringify(result, null, 1));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const faults = results.reduce((sum, result) => sum + result.faults.length, 0);
const bad = results.filter(({ broken }) => broken.length > 0);
console.log(`${results.length} worlds of ${duration_s} s, ${faults} faults; broken: ${bad.length}`);
const speed = (us) => (us > 0 ? Math.round((1e6 * passed_s) / us) : 0);
console.log(
  `${speed(world_us)} times real time on a processor of its own, ${speed(world_us + check_us)} with what is checked`,
);
