import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import type { StreamMessage } from '../../../src/core/signal.js';
import type { Prediction } from '../../../src/io/protocol/output.js';
import { XdfWriter } from '../../../src/io/recordings/xdf/xdf-writer.js';
import { LEAST_PEOPLE } from '../../../src/learn/fit/skill.js';
import { train } from '../../../src/learn/fit/train.js';
import { loadManifest } from '../../../src/model/manifest.js';
import { loadPipeline } from '../../../src/pipeline/file/load.js';
import { loadModels } from '../../../src/pipeline/run/load-models.js';
import { replay } from '../../../src/pipeline/run/replay.js';
import type { LoadedPipeline } from '../../../src/pipeline/run/run-session.js';
import { closeRunners } from '../../../src/pipeline/run/runtime.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';
import { skinPipeline } from './skin-pipeline.js';

/** One validates, {@link LEAST_PEOPLE} calibrate, three are trained on. */
const PEOPLE = LEAST_PEOPLE + 4;
const config = `
name: two-sensors
type: concatenation
pipeline: pipeline.yaml
data:
  kind: dataset
  dataset: { kind: xdf-sessions, path: recordings }
  step_s: 1
  shares: { validation: ${1 / PEOPLE}, calibration: ${LEAST_PEOPLE / PEOPLE} }
settings: { heads: [valence, arousal] }
clip_sd: 5
fit:
  seed: 1
  epochs: 30
  batch_size: 16
  learning_rate: 0.05
  loss: { mse: 1 }
  dropout: { modality: 0.2 }
interval_level: 0.5
validity: { min_present: 1, required: [] }
`;

type Sensor = 'eda' | 'temp';
const RATE_HZ = 8;
const streams = {
  eda: streamInfo({ type: 'EDA', sfreq: RATE_HZ, labels: ['eda'], unit: 'uS' }),
  temp: streamInfo({ type: 'TEMP', sfreq: RATE_HZ, labels: ['temp'], unit: 'degC' }),
  annotation: streamInfo({ type: 'Annotation', sfreq: RATE_HZ, labels: ['valence', 'arousal'], unit: '' }),
};

/** A minute and a half of somebody whose skin's warmth is their valence, and whose skin conductance is their arousal. */
function session(seed: number, only: readonly (keyof typeof streams)[]): StreamMessage[] {
  const { uniform, gaussian: normal } = new Random(seed);
  const [phase, other] = [2 * Math.PI * uniform(), 2 * Math.PI * uniform()];
  const times = Array.from({ length: 90 * RATE_HZ }, (_, i) => i / RATE_HZ);
  const valence = times.map((t) => 0.7 * Math.sin((2 * Math.PI * t) / 31 + phase));
  const arousal = times.map((t) => 0.7 * Math.sin((2 * Math.PI * t) / 43 + other));
  const rows = {
    eda: [arousal.map((value) => 5 + 2 * value + 0.05 * normal())],
    temp: [valence.map((value) => 33 + value + 0.05 * normal())],
    annotation: [valence, arousal],
  };
  return only.flatMap((name): StreamMessage[] => {
    const info = { ...streams[name], simulated: true as const };
    return [
      { kind: 'open', info },
      { kind: 'chunk', chunk: chunkOf(info, rows[name], 0) },
    ];
  });
}

describe('a model of two sensors, each of which tells one dimension', () => {
  let directory: string;
  let loaded: LoadedPipeline;
  beforeAll(async () => {
    directory = temporaryFolder();
    writeFileSync(join(directory, 'pipeline.yaml'), skinPipeline('concatenation'));
    writeFileSync(join(directory, 'train.yaml'), config);
    mkdirSync(join(directory, 'recordings'));
    for (let person = 1; person <= PEOPLE; person++) {
      const writer = XdfWriter.create(join(directory, 'recordings', `sub-${person}.xdf`));
      for (const message of session(person, ['eda', 'temp', 'annotation']))
        if (message.kind === 'open') writer.open(message.info);
        else if (message.kind === 'chunk') writer.write(message.chunk);
      writer.close();
    }
    const out = join(directory, 'model');
    await train(join(directory, 'train.yaml'), { out });
    const pipeline = await loadPipeline(join(directory, 'pipeline.yaml'));
    loaded = await loadModels(pipeline, { engine: 'auto', events: () => {} });
  });
  afterAll(() => closeRunners(loaded.runners));

  async function last(sensors: readonly Sensor[]): Promise<Prediction> {
    const options = { session: 's', loaded, events: () => {} };
    const found: Prediction[] = [];
    for await (const output of replay(session(0, sensors), options))
      if (output.kind === 'prediction') found.push(output.prediction);
    return found.at(-1)!;
  }

  it('has in its manifest what each set of sensors was shown to tell', async () => {
    const { skill } = await loadManifest(join(directory, 'model'));
    expect(skill).toEqual({ eda: ['arousal'], temp: ['valence'], 'eda+temp': ['valence', 'arousal'] });
  });

  it.each<[Sensor, Partial<Prediction>]>([
    ['eda', { valence: null, arousal: expect.any(Number), abstained: { valence: 'no-skill' } }],
    ['temp', { valence: expect.any(Number), arousal: null, abstained: { arousal: 'no-skill' } }],
  ])('abstains in a replay of %s alone from what that was not shown to tell', async (sensor, expected) => {
    expect(await last([sensor])).toMatchObject({ ...expected, valid: true, reason: null });
  });

  it('abstains from nothing where both sensors are there', async () => {
    const prediction = await last(['eda', 'temp']);
    expect(prediction).toMatchObject({
      valence: expect.any(Number),
      arousal: expect.any(Number),
      valid: true,
    });
    expect(prediction.abstained).toBeUndefined();
  });
});
