import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigurationError } from '../../../src/core/errors.js';
import { loadYaml } from '../../../src/learn/examples/load-yaml.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';

const schema = z.strictObject({ sizes: z.array(z.int()).min(1) });
const errors = {
  unreadable: (message: string, options: object) =>
    new ConfigurationError('training-unreadable', message, options),
  invalid: (message: string) => new ConfigurationError('training-invalid', message),
};

function file(text: string): string {
  const folder = temporaryFolder();
  const path = join(folder, 'a.yaml');
  writeFileSync(path, text);
  return path;
}

it('gives what the file holds', async () => {
  expect(await loadYaml(file('sizes: [3, 4]\n'), schema, errors)).toEqual({ sizes: [3, 4] });
});

it.each([
  ['sizes: [3, 4', 'training-invalid', /a\.yaml: .+$/],
  [
    'sizes: [3, x]',
    'training-invalid',
    /a\.yaml: sizes\.1: Invalid input: expected number, received string$/,
  ],
  ['sizes: *b', 'training-invalid', /a\.yaml: not usable: Unresolved alias .+: b$/],
  ['- 3', 'training-invalid', /a\.yaml: the file: Invalid input: expected object, received array$/],
])('says in one line what is wrong with %j', async (text, code, message) => {
  await expect(loadYaml(file(text), schema, errors)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  });
});

it('says that there is no file', async () => {
  await expect(loadYaml(join(tmpdir(), 'none.yaml'), schema, errors)).rejects.toMatchObject({
    code: 'training-unreadable',
    message: expect.stringMatching(/none\.yaml: cannot be read \(ENOENT\)$/),
  });
});
