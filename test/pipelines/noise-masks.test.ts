import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ModalityInput } from '../../src/core/model.js';
import type { StreamMessage } from '../../src/core/signal.js';
import { loadManifest } from '../../src/model/manifest.js';
import { checkPipeline } from '../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../src/pipeline/file/document.js';
import { SessionGraph } from '../../src/pipeline/session/session-graph.js';
import { profiles } from '../../src/simulation/profile.js';
import { simulateSession } from '../../src/simulation/session.js';
import { unwornHead, unwornMessages } from '../../src/simulation/unworn.js';

const file = join('pipelines', 'default.yaml');
const text = readFileSync(file, 'utf8');

/** State of the EEG in each window of the demo model's grid. */
async function eegStates(messages: Iterable<StreamMessage>): Promise<(string | null)[]> {
  const { pipeline } = checkPipeline(new PipelineDocument(file, text));
  const [node] = pipeline!.models.values();
  const { inputs } = await loadManifest(node.path);
  const states: (string | null)[] = [];
  const graph = new SessionGraph({
    session: 's',
    pipeline: pipeline!,
    models: new Map([[node.name, new Map(inputs.map((input) => [input.name, input as ModalityInput]))]]),
    ordered: true,
    monitor: false,
    features: false,
    events: () => {},
    emit: (output) => {
      if (output.kind === 'frame') states.push(output.modalities.get('eeg')!.reason);
    },
  });
  for (const message of messages) graph.push(message);
  graph.end();
  return states;
}

const DURATION_S = 60;

it.each([0, 1, 2])('a headset whose electrodes give 1/f^%i noise is masked after 12 s', async (exponent) => {
  const head = unwornHead({
    seed: 1,
    duration_s: DURATION_S,
    labels: profiles.epoc.eeg.channels.map(({ label }) => label),
    sfreq: profiles.epoc.eeg.sfreq_hz,
    exponent,
    mixing: 'near',
    rms_uv: 30,
    filtered: false,
  });
  const states = await eegStates(unwornMessages([head]));
  const passed = states.filter((state) => state === null).length;
  expect(passed / states.length).toBeLessThan(0.25);
  expect(states.at(-1)).toBe('not-physiological');
});

it('a simulated person’s headset is not', async () => {
  const states = await eegStates(
    simulateSession({ profile: 'epoc', seed: 'worn', duration_s: DURATION_S, only: ['eeg'] }),
  );
  expect(states.length).toBeGreaterThan(100);
  expect(states.filter((state) => state === 'not-physiological')).toEqual([]);
});

describe('by what scripts/measure-noise.mjs found', () => {
  interface Found {
    readonly valid_after: number;
    readonly kept_of_valid: number | null;
    readonly sessions: number;
  }
  const found = JSON.parse(readFileSync(join('fixtures', 'evaluation', 'noise.json'), 'utf8')) as Record<
    'noise' | 'recorded' | 'simulated',
    Record<string, Found>
  >;

  it('nothing without a body is valid in more than one window of twenty', () => {
    // 13 colours and mixtures, loud and faint, raw and filtered; 3 kinds of mains; 3 of eyes; 2 of wrists through 2 pipelines; 62 electrodes.
    expect(Object.keys(found.noise)).toHaveLength(13 * 2 * 2 + 3 + 3 + 4 + 3);
    for (const [name, { valid_after, sessions }] of Object.entries(found.noise)) {
      expect(sessions, name).toBe(10);
      expect(valid_after, name).toBeLessThanOrEqual(0.05);
    }
  });

  it('people keep 95 of 100 valid windows, and an EEG alone tells something in 90', () => {
    for (const [name, { kept_of_valid }] of Object.entries({ ...found.recorded, ...found.simulated }))
      expect(kept_of_valid, name).toBeGreaterThanOrEqual(0.95);
    const alone = Object.entries(found.simulated).filter(([name]) => name.includes('EEG alone'));
    expect(alone).toHaveLength(Object.keys(profiles).length);
    for (const [name, { valid_after }] of alone) expect(valid_after, name).toBeGreaterThanOrEqual(0.9);
  });
});
