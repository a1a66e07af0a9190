import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import { evaluate } from '../../../src/evaluation/evaluate.js';
import { rerunModel } from '../../../src/evaluation/verify/rerun-model.js';
import { train } from '../../../src/training/train.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';
import { writeEvaluatedModel } from './evaluated-model.js';

const options = {
  workers: 1,
  version: 'test',
  clock: new VirtualClock(),
  signal: new AbortController().signal,
};

describe('rerunModel', () => {
  const folder = join(temporaryFolder(), 'skin');
  beforeAll(() => writeEvaluatedModel(folder, { people: 5 }));

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
      const { main } = await evaluate(path, { ...options, out: join(folder, 'report'), leaky: false });
      expect(main!.after_folds).toBeGreaterThan(0);
    }
    await train(join(folder, 'train.yaml'));
    const findings = await rerunModel(folder, options);
    expect(findings.map(({ link, state }) => [link, state])).toEqual([
      ['report', 'holds'],
      ['artefacts', 'holds'],
    ]);
  });
});
