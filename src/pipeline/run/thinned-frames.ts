import type { Seconds } from '../../core/clock.js';
import type { ModelRunner } from '../../core/model.js';
import type { ThinnedWindow } from '../../io/recordings/recording.js';
import type { FrameOutput } from '../session/predict.js';

/** Whether a frame was thinned when it was recorded: its node's model, the same one, was not asked about it. */
export function thinnedFrames(
  recorded: readonly ThinnedWindow[] = [],
): (frame: FrameOutput, runner: ModelRunner) => boolean {
  const ends = new Map<string, Set<Seconds>>();
  const keyOf = (node: string, model: string): string => JSON.stringify([node, model]);
  for (const { node, model, time } of recorded) {
    const key = keyOf(node, model);
    const own = ends.get(key) ?? new Set();
    ends.set(key, own.add(time));
  }
  if (ends.size === 0) return () => false;
  return ({ model: node, time }, { id }) => ends.get(keyOf(node, id))?.has(time) ?? false;
}
