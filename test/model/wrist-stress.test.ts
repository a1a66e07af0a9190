import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Prediction } from '../../src/io/protocol/output.js';
import { loadPipeline } from '../../src/pipeline/file/load.js';
import { loadModels } from '../../src/pipeline/run/load-models.js';
import { replay } from '../../src/pipeline/run/replay.js';
import type { LoadedPipeline } from '../../src/pipeline/run/run-session.js';
import { closeRunners } from '../../src/pipeline/run/runtime.js';
import { simulateSession } from '../../src/simulation/session.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

let loaded: LoadedPipeline;
beforeAll(async () => {
  const pipeline = await loadPipeline(`${root}pipelines/wrist.yaml`);
  loaded = await loadModels(pipeline, { engine: 'auto', events: () => {} });
});
afterAll(() => closeRunners(loaded.runners));

async function predictions(only: ('ppg' | 'eda' | 'temp')[]): Promise<Prediction[]> {
  const messages = [...simulateSession({ seed: 'wrist', profile: 'muse', duration_s: 90, only })];
  const found: Prediction[] = [];
  for await (const output of replay(messages, {
    session: 's',
    loaded,
    events: () => {},
    batch: 16,
  }))
    if (output.kind === 'prediction') found.push(output.prediction);
  return found;
}

describe('models/wrist-stress', () => {
  it('gives probabilities of stress once it knows a minute of this person, and says nothing of valence', async () => {
    const found = await predictions(['ppg', 'eda', 'temp']);
    const first = found.find(({ valid }) => valid)!;
    expect(first.time).toBeGreaterThan(60);
    expect(found[10]).toMatchObject({ valid: false, reason: 'warming-up' });
    const { classes, valence, arousal, interval, evidence } = found.at(-1)!;
    expect(Object.keys(classes!)).toEqual(['baseline', 'stress']);
    expect(classes!.baseline + classes!.stress).toBeCloseTo(1, 5);
    expect({ valence, arousal, interval }).toEqual({ valence: null, arousal: null, interval: null });
    expect(evidence).not.toBe('validated');
    // Nothing is fused, in windows that the model saw and in those that it did not.
    for (const { modalities } of found)
      expect(Object.values(modalities).map(({ weight }) => weight)).toEqual([null, null, null]);
  });

  it('is not valid without skin conductance, from which nearly all that it knows comes', async () => {
    const found = await predictions(['ppg', 'temp']);
    expect(found.at(-1)).toMatchObject({ valid: false, reason: 'required-modality-missing' });
  });

  it('has a card with the evaluation that stands beside it, and no leaky figure', () => {
    const card = readFileSync(`${root}models/wrist-stress/CARD.md`, 'utf8');
    const { label, splits } = JSON.parse(
      readFileSync(`${root}models/wrist-stress/evaluation/report.json`, 'utf8'),
    );
    expect(label).toBeNull();
    const row = splits[0].tables[0].rows.find(({ model }: { model: string }) => model === 'network');
    expect(card).toContain(`${row.figures.auc.mean.toFixed(3)} ± ${row.figures.auc.sd.toFixed(3)}`);
  });
});
