import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { controlSchemas, lastHeardSchema, requestFrameSchema } from '../../../src/io/protocol/control.js';
import { type MessageName, protocolMessages } from '../../../src/io/protocol/schema.js';

/** Lists whose bound a daemon's limits name, counted before they are looked into. */
const countedBefore = new Set(['push.params.data', 'push.params.data[]', 'push.params.times']);

type JsonSchema = {
  readonly [key: string]: unknown;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
};

/** Places of a message that may be as long as its sender likes. */
function unbounded(schema: JsonSchema, place: string): string[] {
  const { properties = {}, items, anyOf = [] } = schema;
  const is = (type: string): boolean => [schema.type].flat().includes(type);
  const isFixed = 'enum' in schema || 'const' in schema;
  const own = [
    ...(is('string') && !isFixed && !('maxLength' in schema) ? [place] : []),
    ...(is('array') && !('maxItems' in schema) && !countedBefore.has(place) ? [place] : []),
    ...(is('object') && isOpen(schema) && !('maxProperties' in schema && 'propertyNames' in schema)
      ? [place]
      : []),
  ];
  return [
    ...own,
    ...Object.entries(properties).flatMap(([name, inner]) => unbounded(inner, `${place}.${name}`)),
    ...(items ? unbounded(items, `${place}[]`) : []),
    ...anyOf.flatMap((inner) => unbounded(inner, place)),
  ];
}

/** Whether keys that it doesn't know are kept. */
const isOpen = ({ additionalProperties }: JsonSchema): boolean =>
  typeof additionalProperties === 'object' && additionalProperties !== null;

const jsonSchema = (schema: z.ZodType): JsonSchema => z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
const fromClients = (Object.keys(protocolMessages) as MessageName[]).filter(
  (name) => protocolMessages[name].from === 'client',
);

describe('what clients send', () => {
  it('is some messages', () => expect(fromClients).toContain('push'));

  it.each(fromClients)('%s: every text, list and table of it has a bound', (name) => {
    expect(unbounded(jsonSchema(controlSchemas[name as keyof typeof controlSchemas]), name)).toEqual([]);
  });

  it('the frame of any request has bounds', () => {
    expect(unbounded(jsonSchema(requestFrameSchema), 'request')).toEqual([]);
  });

  it('the nodes that a subscriber heard last are bounded in number and length', () => {
    const nodes = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, k) => [`node-${k}`, k]));
    expect(lastHeardSchema.safeParse({ run: 'r', ...nodes(256) }).success).toBe(true);
    expect(lastHeardSchema.safeParse({ run: 'r', ...nodes(257) }).success).toBe(false);
    expect(lastHeardSchema.safeParse({ run: 'r', ['n'.repeat(129)]: 1 }).success).toBe(false);
  });
});
