import { ConfigurationError } from '../../core/errors.js';
import type { ModelNode, Pipeline } from '../../pipeline/file/pipeline.js';

/** The model node that a pipeline is trained for. */
export function onlyModel(pipeline: Pipeline): ModelNode {
  const [node, ...more] = pipeline.models.values();
  if (!node || more.length > 0)
    throw new ConfigurationError(
      'training-invalid',
      `${pipeline.file}: it has ${pipeline.models.size} models; training needs exactly one`,
    );
  return node;
}
