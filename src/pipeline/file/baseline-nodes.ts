import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import type { FeatureTransform, TransformDefinition } from '../../core/component.js';
import { transformDefinitions } from '../../signal/transforms/registry.js';
import type { Pipeline } from './pipeline.js';
import { shippedPipeline, shippedPipelines } from './shipped-pipelines.js';

type BaselineDefinition = TransformDefinition & Required<Pick<FeatureTransform, 'baselineSince'>>;

/** Nodes that learn a person's rest between two markers. */
export function baselineNodes({ transforms }: Pick<Pipeline, 'transforms'>) {
  return [...transforms.values()].flatMap(({ name, definition }) =>
    takesBaseline(definition) ? [{ name, definition }] : [],
  );
}

/** Names of the shipped pipelines that have such nodes. */
export function shippedWithBaseline(): string[] {
  return shippedPipelines().filter((name) => {
    const { transforms } = typesIn.parse(parse(readFileSync(shippedPipeline(name), 'utf8')));
    return Object.values(transforms).some(({ type }) => takesBaseline(transformDefinitions.get(type)));
  });
}

const typesIn = z.object({ transforms: z.record(z.string(), z.object({ type: z.string() })).default({}) });

const takesBaseline = (definition?: TransformDefinition): definition is BaselineDefinition =>
  definition?.kind === 'features' && definition.baselineSince !== undefined;
