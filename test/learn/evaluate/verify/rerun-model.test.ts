import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../src/core/clock.js';
import { evaluate } from '../../../../src/learn/evaluate/evaluate.js';
import { rerunModel } from '../../../../src/learn/evaluate/verify/rerun-model.js';
import { verifyModel } from '../../../../src/learn/evaluate/verify/verify-model.js';
import { train } from '../../../../src/learn/fit/train.js';
import { loadTfjsWasm } from '../../../../src/model/engines/tfjs-wasm.js';
import { writeModel } from '../../../../src/model/engines/write-model.js';
import { readModel } from '../../../../src/model/manifest.js';
import { modelDefinitions } from '../../../../src/model/networks/definitions.js';
import { temporaryFolder } from '../../../setup/temporary-folder.js';
import { writeEvaluatedModel } from './evaluated-model.js';

const options = () => ({
  workers: 1,
  version: 'test',
  clock: new VirtualClock(),
  signal: new AbortController().signal,
});

describe('rerunModel', () => {
  const folder = join(temporaryFolder(), 'model');
  beforeAll(() => writeEvaluatedModel(folder, { people: 5 }));

  it('finds the same bytes where nothing was forged', async () => {
    const findings = await rerunModel(folder, options());
    expect(findings).toEqual([
      { link: 'report', state: 'holds', message: 'evaluating again gives the same bytes' },
      { link: 'artefacts', state: 'holds', message: 'training again gives the same bytes' },
    ]);
  });

  it('repeats a report whose main comparison was written down late', async () => {
    const path = join(folder, 'evaluate.yaml');
    const one = readFileSync(path, 'utf8');
    const against = (metric: string): string => `${one}  - name: linear
    type: logistic
    settings: { classes: [baseline, stress] }
main: { model: skin, against: linear, quantity: class, metric: ${metric}, level: window }
`;
    for (const metric of ['auc', 'nll']) {
      writeFileSync(path, against(metric));
      const { main } = await evaluate(path, { ...options(), out: join(folder, 'report'), leaky: false });
      expect(main!.after_folds).toBeGreaterThan(0);
    }
    await train(join(folder, 'train.yaml'));
    const findings = await rerunModel(folder, options());
    expect(findings.map(({ link, state }) => [link, state])).toEqual([
      ['report', 'holds'],
      ['artefacts', 'holds'],
    ]);
  });

  it('finds other weights whose digests were all made anew, which nothing else can', async () => {
    const { manifest, parameters, model } = await readModel(folder);
    const probe = manifest.probe.frame.map(({ values, mask }) => ({
      values: Float32Array.from(values),
      mask: Uint8Array.from(mask),
      present: mask.some((m) => m === 1),
    }));
    const others = new Map([...parameters].map(([name, values]) => [name, values.map((x) => 1.5 * x + 0.1)]));
    const definition = modelDefinitions.get(manifest.type)!;
    const description = { ...manifest, inputs: model.inputs, definition, probe, card: '' };
    await writeModel(folder, { ...description, parameters: others }, await loadTfjsWasm());
    const { findings } = await verifyModel(folder);
    expect(findings.filter(({ state }) => state !== 'holds')).toEqual([]);
    const again = await rerunModel(folder, options());
    expect(again[0].state).toBe('holds');
    expect(again[1]).toMatchObject({ link: 'artefacts', state: 'broken' });
  });
});
