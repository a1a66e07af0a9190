import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { SessionEvent } from '../../../src/core/event.js';
import type { Contribution } from '../../../src/core/prediction.js';
import { closeCodes } from '../../../src/io/protocol/close-code.js';
import { controlSchemas } from '../../../src/io/protocol/control.js';
import { errorCodes } from '../../../src/io/protocol/error-code.js';
import { type AffectMessage, outputSchemas, type SysMessage } from '../../../src/io/protocol/output.js';
import { protocolFiles } from '../../../src/io/protocol/reference.js';
import {
  asyncApiDocument,
  type MessageName,
  messageSchemas,
  protocolMessages,
} from '../../../src/io/protocol/schema.js';
import { counterexamples, examples } from './examples.js';

const names = Object.keys(protocolMessages) as MessageName[];
const ajv = new Ajv2020({ strict: false });
const validators = new Map(
  Object.entries(messageSchemas()).map(([name, schema]) => [name, ajv.compile(schema)]),
);
const zodSchemas = { ...controlSchemas, ...outputSchemas };

describe('generated schemas', () => {
  it.each(names)('%s: examples fit the JSON Schema and the schema that validates at run time', (name) => {
    expect(examples[name].length).toBeGreaterThan(0);
    for (const example of examples[name]) {
      const validate = validators.get(name)!;
      expect(validate(example), JSON.stringify(validate.errors)).toBe(true);
      expect(zodSchemas[name].safeParse(example).error).toBeUndefined();
    }
  });

  it.each(Object.keys(counterexamples) as MessageName[])('%s: what is wrong fits neither', (name) => {
    for (const example of counterexamples[name]!) {
      expect(validators.get(name)!(example), JSON.stringify(example)).toBe(false);
      expect(zodSchemas[name].safeParse(example).success).toBe(false);
    }
  });

  it.each(protocolFiles())('%s is as `npm run generate` writes it', async (path, content) => {
    await expect(content).toMatchFileSnapshot(`../../../${path}`);
  });

  it('form an AsyncAPI document whose references all lead somewhere', () => {
    const document = asyncApiDocument();
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#([^"]+)"/g)].map((match) => match[1]);
    expect(references.length).toBeGreaterThan(20);
    for (const reference of references) {
      let at: unknown = document;
      for (const part of reference.slice(1).split('/')) at = (at as Record<string, unknown>)?.[part];
      expect(at, reference).toBeDefined();
    }
  });

  it('know the events of a session and the contributions of a model', () => {
    expectTypeOf<SessionEvent>().toExtend<SysMessage['event']>();
    expectTypeOf<Contribution>().toExtend<NonNullable<AffectMessage['contribution']>>();
  });
});

describe('the protocol reference', () => {
  const reference = readFileSync(new URL('../../../docs/reference/protocol.md', import.meta.url), 'utf8');

  it.each(Object.keys(errorCodes))('lists error %s', (code) => {
    expect(reference).toContain(`| \`${code}\` | ${errorCodes[code as keyof typeof errorCodes][0]} |`);
  });

  it.each(Object.keys(closeCodes))('lists close code %s', (code) => {
    expect(reference).toContain(`| ${code} |`);
  });

  it.each(names)('describes %s', (name) => {
    expect(reference).toContain(`### \`${name}\``);
  });

  it('gives every error its own number', () => {
    const numbers = Object.values(errorCodes).map(([number]) => number);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
