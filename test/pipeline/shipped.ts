import { join } from 'node:path';
import { loadPipeline } from '../../src/pipeline/file/load.js';
import type { Pipeline } from '../../src/pipeline/file/pipeline.js';

/** A pipeline of the `pipelines` folder. */
export function loadShipped(name: string): Promise<Pipeline> {
  return loadPipeline(join(import.meta.dirname, '..', '..', 'pipelines', `${name}.yaml`));
}
