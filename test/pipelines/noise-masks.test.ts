import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ModalityInput } from '../../src/core/model.js';
import type { StreamMessage } from '../../src/core/signal.js';
import { loadManifest } from '../../src/models/manifest.js';
import { profiles } from '../../src/simulation/profile.js';
import { simulateSession } from '../../src/simulation/session.js';
import { unwornHead, unwornMessages } from '../../src/simulation/unworn.js';
import { checkPipeline } from '../../src/topology/check.js';
import { PipelineDocument } from '../../src/topology/document.js';
import { SessionGraph } from '../../src/topology/session-graph.js';

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
    bindings: null,
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
