import { transformDefinitions } from '../../signal/transforms/registry.js';
import type { Pipeline, TransformNode } from './pipeline.js';

type NodeData = Omit<TransformNode, 'definition'> & { readonly type: string };

/** A checked pipeline as data that a thread can be given: its transforms by their types. */
export type PipelineData = Omit<Pipeline, 'transforms'> & { readonly transforms: readonly NodeData[] };

export function dataOf(pipeline: Pipeline): PipelineData {
  const transforms = [...pipeline.transforms.values()].map(({ definition, ...node }) => ({
    ...node,
    type: definition.type,
  }));
  return { ...pipeline, transforms };
}

/** The pipeline that {@link dataOf} was given. */
export function pipelineOf({ transforms, ...rest }: PipelineData): Pipeline {
  return {
    ...rest,
    transforms: new Map(
      transforms.map(({ type, ...node }): [string, TransformNode] => {
        const definition = transformDefinitions.get(type);
        if (!definition) throw new Error(`no transform is called ${type}`);
        return [node.name, { ...node, definition }];
      }),
    ),
  };
}
