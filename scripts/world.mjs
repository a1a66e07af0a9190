/**
 * Lets seeded worlds go by and tells what is broken in them, as few faults as it takes (docs/how-to/run-a-seeded-world.md):
 *
 *   npm run build && node scripts/world.mjs --seeds 10000 --out worlds.jsonl --processes 2
 *
 * Each world is a line of the file of results, whose worlds aren't run again; `--processes` share them. `--count` draws so many faults for
 * each world, `--singles` one, of one kind after the other, `--faults` gives all these, `--seed` runs one.
 */
import { spawn } from 'node:child_process';
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
  worldFaultKinds,
} from '../dist/testing/index.js';

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    duration: { type: 'string', default: '60' },
    count: { type: 'string' },
    singles: { type: 'boolean', default: false },
    faults: { type: 'string' },
    out: { type: 'string' },
    processes: { type: 'string', default: '1' },
    /** `2/4`: the second of four processes that share the seeds. */
    share: { type: 'string' },
    'no-shrink': { type: 'boolean', default: false },
  },
});
const duration_s = Number(options.duration);
const pipeline = smallPipeline();

const planOf = (seed) => {
  const wanted = options.singles
    ? [worldFaultKinds[(seed - 1) % worldFaultKinds.length]]
    : options.count === undefined
      ? undefined
      : Number(options.count);
  const plan = smallPlan(seed, duration_s, pipeline, wanted);
  return options.faults === undefined ? plan : { ...plan, faults: parseWorldFaults(options.faults) };
};
/** Of processors, as others may use them, too. */
const used_us = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const brokenIn = async (plan, folder) => {
  const began = used_us();
  const history = await runWorld(plan, join(folder, 'disk'));
  const ran = used_us();
  const broken = await brokenInvariants(history, join(folder, 'files'));
  const { passed_s, digest } = history;
  return { broken, digest, passed_s, world_s: (ran - began) / 1e6, check_s: (used_us() - ran) / 1e6 };
};
/** What is broken without the figures: the same in a smaller world. */
const kindOf = (problem) => problem.replace(/[-\d.]+/g, '').slice(0, 40);

/** Lines of the file of results; one that was being written when its process was killed is none. */
const resultsIn = (path) => {
  if (!path || !existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });
};

const [share, shares] = (options.share ?? '1/1').split('/').map(Number);
const first = Number(options.from);
const wanted =
  options.seed === undefined
    ? Array.from({ length: Number(options.seeds) }, (_, i) => first + i)
    : [Number(options.seed)];

async function run() {
  const results = resultsIn(options.out);
  const done = new Set(results.map(({ seed }) => seed));
  const folder = mkdtempSync(join(tmpdir(), 'affectd-world-'));
  try {
    for (const seed of wanted.filter((one, i) => i % shares === share - 1 && !done.has(one))) {
      const plan = planOf(seed);
      const { broken, ...figures } = await brokenIn(plan, folder);
      const result = { seed, faults: plan.faults.map(formatWorldFault), ...figures, broken };
      if (broken.length > 0 && !options['no-shrink']) {
        const kind = kindOf(broken[0]);
        const isBroken = async (smaller) =>
          (await brokenIn(smaller, folder)).broken.some((one) => kindOf(one) === kind);
        const { faults, duration_s: length_s, part_s, restore_s } = await shrunk(plan, isBroken);
        result.shrunk = {
          faults: faults.map(formatWorldFault).join(),
          duration_s: length_s,
          part_s,
          restore_s,
        };
      }
      results.push(result);
      // Behind what another process wrote of a line before it was killed.
      if (options.out) appendFileSync(options.out, `\n${JSON.stringify(result)}\n`);
      if (broken.length > 0) console.log(JSON.stringify(result, null, 1));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return results;
}

/** Has so many processes share the worlds. */
async function runShared(processes) {
  if (!options.out) throw new Error('--processes needs --out, where their results come together');
  const [, script, ...given] = process.argv;
  const ended = Array.from({ length: processes }, (_, i) => {
    const child = spawn(process.execPath, [script, ...given, '--share', `${i + 1}/${processes}`], {
      stdio: 'inherit',
    });
    return new Promise((resolve) => child.on('exit', resolve));
  });
  const codes = await Promise.all(ended);
  if (codes.some((code) => code !== 0)) process.exitCode = 1;
  return resultsIn(options.out);
}

const processes = Number(options.processes);
const isShared = options.share === undefined && processes > 1;
const results = isShared ? await runShared(processes) : await run();
if (options.share === undefined) {
  const asked = new Set(wanted);
  const told = results.filter(({ seed }) => asked.has(seed));
  const sum = (of) => told.reduce((total, result) => total + of(result), 0);
  const bad = told.filter(({ broken }) => broken.length > 0);
  const faults = sum((result) => result.faults.length);
  console.log(`${told.length} worlds of ${duration_s} s, ${faults} faults; broken: ${bad.length}`);
  if (bad.length > 0) console.log(`seeds ${bad.map(({ seed }) => seed).join(', ')}`);
  const passed_s = sum((result) => result.passed_s ?? 0);
  const world_s = sum((result) => result.world_s ?? 0);
  const check_s = sum((result) => result.check_s ?? 0);
  console.log(
    `${Math.round(world_s + check_s)} s of a processor: ${Math.round(passed_s / world_s)} times real time, ${Math.round(passed_s / (world_s + check_s))} with what is checked`,
  );
}
