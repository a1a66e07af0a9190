import { beforeAll, it } from 'vitest';
import { ranknet } from '../../../src/learn/losses/ranknet.js';
import type { Tfjs } from '../../../src/model/engines/tfjs-graph.js';
import { loadTfjsWasm } from '../../../src/model/engines/tfjs-wasm.js';
import { expectLoss, losses } from './loss-reference.js';
import { objectiveContext } from './objective-context.js';

let tf: Tfjs;
beforeAll(async () => {
  tf = await loadTfjsWasm();
});

it('and its gradient equal torch', () => {
  const { label, person, trial } = losses.ranking;
  expectLoss(tf, losses.ranknet, [losses.ranknet.scores], (scores) =>
    ranknet.loss(
      ranknet.settings.parse({ weight: 1 }),
      objectiveContext(tf, {
        values: { heads: scores },
        labels: label.map((valence: number) => ({ targets: { valence } })),
        origins: person.map((p: string, i: number) => ({ person: p, trial: trial[i] })),
        model: { heads: ['valence'] },
      }),
    ),
  );
});
