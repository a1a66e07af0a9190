import { expect, it } from 'vitest';
import { faceRecording } from '../../../../src/learn/datasets/images/face-recording.js';

it('tells the shape of what its images read as', async () => {
  const pixels = new Uint8Array(8 * 8 * 3);
  const image = {
    trial: 'a',
    stimulus: null,
    position: 0,
    label: { targets: {}, class: null },
    read: async () => pixels,
  };
  const { person, shape, images } = faceRecording('training', 8, [image]);
  expect(person).toBe('training');
  expect(shape.height * shape.width * shape.channels.length).toBe((await images[0].read()).length);
});
