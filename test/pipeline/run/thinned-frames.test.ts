import { expect, it } from 'vitest';
import type { ModelRunner } from '../../../src/core/model.js';
import { thinnedFrames } from '../../../src/pipeline/run/thinned-frames.js';
import type { FrameOutput } from '../../../src/pipeline/session/predict.js';

const frame = (model: string, time: number) => ({ model, time }) as FrameOutput;
const runner = (id: string) => ({ id }) as ModelRunner;

it('knows the windows that a node and its model left out when they were recorded, and no other model’s', () => {
  const third = 1 / 3;
  const isThinned = thinnedFrames([
    { node: 'a', model: 'm@1', seq: 4, time: third },
    { node: 'a', model: 'm@1', seq: 5, time: 0.5 },
    { node: 'b', model: 'm@1', seq: 4, time: 1 },
  ]);
  const asked: readonly (readonly [node: string, time: number, model: string])[] = [
    ['a', third, 'm@1'],
    ['a', 0.5, 'm@1'],
    ['a', 1, 'm@1'],
    ['a', third, 'm@2'],
    ['b', third, 'm@1'],
    ['b', 1, 'm@1'],
    ['c', 1, 'm@1'],
  ];
  expect(asked.map(([node, time, model]) => isThinned(frame(node, time), runner(model)))).toEqual([
    ...[true, true, false, false, false, true, false],
  ]);
});

it('knows none of a recording whose log tells of none', () => {
  expect(thinnedFrames()(frame('a', 1), runner('m@1'))).toBe(false);
});
