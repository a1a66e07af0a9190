// Counts how often the rule for `validated` is passed on sketches of which it is known what there is to find, and what each
// condition would have let through alone. Writes fixtures/evaluation/rule-sketches.json, which test/evaluation/judge-sketch.test.ts holds.
//
//   node scripts/measure-rule.mjs [seeds]     (20; needs `npm run build`)
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SystemClock } from '../dist/core/clock.js';
import { loadEvaluateConfig } from '../dist/evaluation/evaluate-config.js';
import { judgeSketch } from '../dist/evaluation/judge-sketch.js';
import { sketchKinds } from '../dist/evaluation/rule/sketch.js';

const [seeds = 20] = process.argv.slice(2).map(Number);
const fixtures = join(dirname(fileURLToPath(import.meta.url)), '..', 'fixtures', 'evaluation');
const loaded = await loadEvaluateConfig(join(fixtures, 'rule-sketch.yaml'));
const { signal } = new AbortController();

const found = {};
for (const kind of sketchKinds) {
  const runs = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const out = mkdtempSync(join(tmpdir(), 'affectd-sketch-'));
    try {
      const options = { out, version: '', workers: 1, clock: new SystemClock(), signal };
      const { verdicts } = await judgeSketch(loaded, kind, seed, options);
      const [{ validated, conditions }] = verdicts;
      const told = conditions.filter(({ name }) => name !== 'held-out');
      runs.push({
        seed,
        validated,
        conditions: told.map(({ name, passed, figure, bound, p }) => ({ name, passed, figure, bound, p })),
      });
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  }
  const passed = {};
  for (const { name } of runs[0].conditions)
    passed[name] = runs.filter(({ conditions }) => conditions.find((own) => own.name === name).passed).length;
  found[kind] = { seeds, validated: runs.filter(({ validated }) => validated).length, passed, runs };
  console.log(
    `${kind}: validated ${found[kind].validated} of ${seeds}; by condition ${JSON.stringify(passed)}`,
  );
}
writeFileSync(join(fixtures, 'rule-sketches.json'), `${JSON.stringify(found, null, 1)}\n`);
