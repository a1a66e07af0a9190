import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { StreamMessage } from '../../../src/core/signal.js';
import type { TimedTrial } from '../../../src/learn/datasets/dataset.js';
import { wholeSession } from '../../../src/learn/datasets/whole-session.js';
import type { SignalRecording } from '../../../src/learn/examples/dataset.js';
import { discoverInputs } from '../../../src/learn/examples/discover-inputs.js';
import { loadPipeline } from '../../../src/pipeline/file/load.js';
import type { ModelNode, Pipeline } from '../../../src/pipeline/file/pipeline.js';
import { AffectTrajectory } from '../../../src/simulation/affect-trajectory.js';
import { simulateSession } from '../../../src/simulation/session.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';
import { collectExamples } from '../fit/collect-examples.js';
import { skinPipeline } from '../fit/skin-pipeline.js';

const file = skinPipeline('hi-moe');

let pipeline: Pipeline;
let node: ModelNode;
beforeAll(async () => {
  const path = join(temporaryFolder(), 'pipeline.yaml');
  writeFileSync(path, file);
  pipeline = await loadPipeline(path);
  node = pipeline.models.get('affect')!;
});

const session = (options: { only?: ('eda' | 'temp')[]; start_s?: number } = {}): Iterable<StreamMessage> =>
  simulateSession({ seed: 'somebody', profile: 'deap32', duration_s: 20, only: ['eda', 'temp'], ...options });

const recording = (messages: Iterable<StreamMessage>, trials?: readonly TimedTrial[]): SignalRecording => ({
  ...wholeSession('p', messages),
  ...(trials && { trials }),
});

describe('labelledWindows', () => {
  it('takes the windows wholly inside a trial, with the label of the trial', () => {
    const inputs = discoverInputs(pipeline, node, [session()]);
    const label = (valence: number) => ({ targets: { valence }, class: 1 });
    const examples = collectExamples(
      pipeline,
      node,
      inputs,
      recording(session(), [
        { trial: 'a', stimulus: 'film', position: 0, label: label(0.5), start: 1, end: 8 },
        { trial: 'b', stimulus: null, position: 1, label: label(-0.5), start: 8, end: 13 },
      ]),
      1,
    );
    expect(examples.map(({ trial, window }) => [trial, ...window])).toEqual([
      ['a', 1, 5],
      ['a', 2, 6],
      ['a', 3, 7],
      ['a', 4, 8],
      ['b', 8, 12],
      ['b', 9, 13],
    ]);
    expect(examples[0]).toMatchObject({ stimulus: 'film', position: 0, file: 0, label: label(0.5) });
    expect(examples[5]).toMatchObject({ stimulus: null, position: 1, file: 0, label: label(-0.5) });
    expect(examples.map(({ since_start, since_onset }) => [since_start, since_onset])).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
      [4, 3],
      [8, 0],
      [9, 1],
    ]);
  });

  it('labels each window with the mean of the annotation within it', () => {
    const inputs = discoverInputs(pipeline, node, [session()]);
    const affect = new AffectTrajectory('somebody');
    const examples = collectExamples(pipeline, node, inputs, recording(session()), 2);
    expect(examples.map(({ window }) => window[1])).toEqual([4, 6, 8, 10, 12, 14, 16, 18, 20]);
    for (const { window, since_start, since_onset, label, person } of examples) {
      expect(person).toBe('p');
      expect([since_start, since_onset]).toEqual([window[0], window[0]]);
      let [valence, arousal] = [0, 0];
      for (let i = 0; i < 40; i++) {
        valence += affect.valence(window[0] + i / 10) / 40;
        arousal += affect.arousal(window[0] + i / 10) / 40;
      }
      expect(label.targets.valence).toBeCloseTo(valence, 4);
      expect(label.targets.arousal).toBeCloseTo(arousal, 4);
    }
  });

  it('does not depend on where the clock starts', () => {
    const inputs = discoverInputs(pipeline, node, [session()]);
    const collect = (start_s: number) =>
      collectExamples(pipeline, node, inputs, recording(session({ start_s })), 1);
    const [zero, later] = [collect(0), collect(1024)];
    expect(later.map(({ window, label }) => [window, label])).toEqual(
      zero.map(({ window, label }) => [window, label]),
    );
  });

  it('leaves a sensor that is not there absent', () => {
    const inputs = discoverInputs(pipeline, node, [session()]);
    const messages = session({ only: ['temp'] });
    const examples = collectExamples(pipeline, node, inputs, recording(messages), 1);
    expect(examples.length).toBeGreaterThan(10);
    for (const { frame } of examples) expect(frame.map(({ present }) => present)).toEqual([false, true]);
  });
});
