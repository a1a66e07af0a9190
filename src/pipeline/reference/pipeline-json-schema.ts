import { z } from 'zod';
import type { PipelineSection } from '../file/pipeline.js';
import {
  inputSchema,
  modelNodeSchema,
  nodeNamePattern,
  sinkNodeSchema,
  sourceNodeSchema,
} from '../file/pipeline-schema.js';
import {
  modelDefinitions,
  sinkDefinitions,
  sourceDefinitions,
  transformDefinitions,
} from '../file/registry.js';

type JsonSchema = { [key: string]: unknown };

/** JSON Schema (2020-12) of pipeline files, for editors; made from the schemas that check them. */
export function pipelineJsonSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'affectd pipeline',
    type: 'object',
    required: ['sources'],
    additionalProperties: false,
    properties: {
      sources: section('Where data comes from.', nodes('sources')),
      transforms: section('What is done to it.', nodes('transforms')),
      models: section('What predicts.', nodes('models')),
      sinks: section('Where the results go.', nodes('sinks')),
    },
  };
}

/** A node type as the reference and the JSON schema know it. */
export interface NodeType {
  readonly type: string;
  readonly summary: string;
  readonly schema: JsonSchema;
}

/** Every node type of a section, its keys merged with those that all nodes of the section have. */
export function nodeTypes(section: PipelineSection): NodeType[] {
  switch (section) {
    case 'sources':
      return [...sourceDefinitions.values()].map((d) =>
        nodeType(d.type, d.summary, [sourceNodeSchema, d.params]),
      );
    case 'transforms':
      return [...transformDefinitions.values()].map((d) =>
        nodeType(d.type, d.summary, [inputSchema(d.kind === 'join'), d.params]),
      );
    case 'models':
      return [...modelDefinitions.values()].map((d) => nodeType(d.type, d.summary, [modelNodeSchema]));
    case 'sinks':
      return [...sinkDefinitions.values()].map((d) =>
        nodeType(d.type, d.summary, [sinkNodeSchema, d.params]),
      );
  }
}

function nodes(of: PipelineSection): JsonSchema[] {
  return nodeTypes(of).map(({ schema }) => schema);
}

function nodeType(type: string, summary: string, schemas: readonly z.ZodType[]): NodeType {
  const parts = schemas.map(
    (schema) => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema,
  );
  const properties = Object.assign({}, ...parts.map((part) => part.properties ?? {})) as JsonSchema;
  const required = parts.flatMap((part) => (part.required as string[] | undefined) ?? []);
  return {
    type,
    summary,
    schema: {
      type: 'object',
      description: summary,
      required: [...new Set(required)],
      additionalProperties: false,
      properties: { ...properties, type: { const: type } },
    },
  };
}

function section(description: string, oneOf: JsonSchema[]): JsonSchema {
  return {
    type: 'object',
    description,
    propertyNames: { pattern: nodeNamePattern.source },
    additionalProperties: { oneOf },
  };
}
