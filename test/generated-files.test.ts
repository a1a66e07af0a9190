import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { clientReference } from '../scripts/client-reference.mjs';
import { generatedFiles } from '../src/generated-files.js';

const root = join(import.meta.dirname, '..');

describe('generated files', () => {
  it.each([...generatedFiles(), ['docs/reference/client.md', clientReference()] as const])(
    '%s is what the code gives (npm run build && npm run generate)',
    (path, content) => {
      expect(readFileSync(join(root, path), 'utf8')).toBe(content);
    },
  );
});

describe('the JSON schema of pipeline files', () => {
  const schema = JSON.parse(generatedFiles().get('schema/pipeline.schema.json') ?? '') as object;
  const validate = new Ajv2020({ strict: false }).compile(schema);

  it.each(readdirSync(join(root, 'pipelines')))('accepts pipelines/%s', (name) => {
    const valid = validate(parse(readFileSync(join(root, 'pipelines', name), 'utf8')));
    expect(validate.errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  it('refuses unknown keys and types', () => {
    expect(validate({ sources: { eeg: { type: 'websocket', stream_type: 'EEG', colour: 'red' } } })).toBe(
      false,
    );
    expect(validate({ sources: { eeg: { type: 'telepathy', stream_type: 'EEG' } } })).toBe(false);
    expect(validate({})).toBe(false);
  });
});
