import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import {
  findPipeline,
  shippedPipeline,
  shippedPipelines,
} from '../../../src/pipeline/file/shipped-pipelines.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';

it('knows every shipped pipeline by its name, with or without .yaml', () => {
  expect(shippedPipelines()).toContain('default');
  for (const name of shippedPipelines()) {
    expect(findPipeline(name)).toBe(shippedPipeline(name));
    expect(findPipeline(`${name}.yaml`)).toBe(shippedPipeline(name));
  }
});

it('takes a file where somebody stands before a shipped one of its name', () => {
  const folder = temporaryFolder();
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
  onTestFinished(() => void vi.restoreAllMocks());
  writeFileSync(join(folder, 'muse.yaml'), '');
  writeFileSync(join(folder, 'epoc'), '');
  expect(findPipeline('muse.yaml')).toBe('muse.yaml');
  expect(findPipeline('muse')).toBe(shippedPipeline('muse'));
  expect(findPipeline('epoc')).toBe('epoc');
});

it.each(['nothing', 'pipelines/muse.yaml', './muse', '../default.yaml', '', '.'])(
  'leaves %j as it is',
  (asked) => {
    expect(findPipeline(asked)).toBe(asked);
  },
);
