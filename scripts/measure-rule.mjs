// Counts how often the rule for `validated` is passed on sketches of which it is known what there is to find, and what each
// condition would have let through alone. Writes rule-sketches.json (classes) and value-sketches.json (a value) in
// fixtures/evaluation, which test/learn/evaluate/judge-sketch.test.ts holds.
//
//   node scripts/measure-rule.mjs [seeds]     (20; needs `npm run build`)
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SystemClock } from '../dist/core/clock.js';
import { loadEvaluateConfig } from '../dist/learn/evaluate/evaluate-config.js';
import { judgeSketch } from '../dist/learn/evaluate/judge-sketch.js';
import { sketch, sketchKinds } from '../dist/learn/evaluate/rule/sketch.js';
import { valueSketch, valueSketchKinds } from '../dist/learn/evaluate/rule/value-sketch.js';

const [seeds = 20] = process.argv.slice(2).map(Number);
const fixtures = join(dirname(fileURLToPath(import.meta.url)), '..', 'fixtures', 'evaluation');
const { signal } = new AbortController();

await measure('rule-sketch', sketchKinds, sketch);
await measure('value-sketch', valueSketchKinds, valueSketch);

async function measure(name, kinds, draw) {
  const loaded = await loadEvaluateConfig(join(fixtures, `${name}.yaml`));
  const found = {};
  for (const kind of kinds) {
    const runs = [];
    for (let seed = 1; seed <= seeds; seed++) runs.push(await run(loaded, kind, seed, draw(kind, seed)));
    const passed = {};
    for (const { name } of runs[0].conditions)
      passed[name] = runs.filter(
        ({ conditions }) => conditions.find((own) => own.name === name).passed,
      ).length;
    found[kind] = { seeds, validated: runs.filter(({ validated }) => validated).length, passed, runs };
    console.log(
      `${name}, ${kind}: validated ${found[kind].validated} of ${seeds}; by condition ${JSON.stringify(passed)}`,
    );
  }
  writeFileSync(join(fixtures, `${name}es.json`), `${JSON.stringify(found, null, 1)}\n`);
}

async function run(loaded, kind, seed, data) {
  const out = mkdtempSync(join(tmpdir(), 'affectd-sketch-'));
  try {
    const options = { out, version: '', workers: 1, clock: new SystemClock(), signal };
    const { verdicts } = await judgeSketch(loaded, kind, data, options);
    const [{ validated, conditions }] = verdicts;
    const told = conditions.filter(({ name }) => name !== 'held-out');
    return {
      seed,
      validated,
      conditions: told.map(({ name, passed, figure, bound, p }) => ({ name, passed, figure, bound, p })),
    };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
