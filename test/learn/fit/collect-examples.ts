import type { Seconds } from '../../../src/core/clock.js';
import type { ModelFrame } from '../../../src/core/model.js';
import {
  labelledWindows,
  type ModelInputs,
  type SignalRecording,
} from '../../../src/learn/examples/dataset.js';
import type { Example } from '../../../src/learn/examples/example.js';
import type { ModelNode, Pipeline } from '../../../src/pipeline/file/pipeline.js';

/** Labelled windows with all their frames in memory. */
export function collectExamples(
  pipeline: Pipeline,
  node: ModelNode,
  inputs: ModelInputs,
  recording: SignalRecording,
  step_s: Seconds,
): Example[] {
  const keep = (frame: ModelFrame): ModelFrame => frame;
  return labelledWindows(pipeline, node, inputs, recording, step_s, 0, keep).map(
    ({ kept: frame, ...rest }) => ({ ...rest, frame }),
  );
}
