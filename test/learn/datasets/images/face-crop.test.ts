import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readFace } from '../../../../src/learn/datasets/images/face-crop.js';
import { fixtures } from '../fixture-copy.js';

const path = join(fixtures, 'affectnet', 'Manually_Annotated_Images', '1', 'b.png');

it('takes the pixels of the box that lie within the image', async () => {
  const whole = await readFace({ path, left: 16, top: 12, width: 8, height: 8 }, 8);
  const beyond = await readFace({ path, left: 16, top: 12, width: 50, height: 9.2 }, 8);
  expect(beyond).toEqual(whole);
  expect(whole).toHaveLength(8 * 8 * 3);
});
