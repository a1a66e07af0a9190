import { atam } from './atam.js';
import { bdae } from './bdae.js';
import { bilstm } from './bilstm.js';
import { bimodalLstm } from './bimodal-lstm.js';
import { concatenation } from './concatenation.js';
import { crossAttention } from './cross-attention.js';
import type { ModelDefinition } from './definition.js';
import { dgcnn } from './dgcnn.js';
import { hiMoe } from './hi-moe.js';
import { lateFusion } from './late-fusion.js';
import { prnet } from './prnet.js';
import { prnetImage } from './prnet-image.js';

/** Every kind of model, by the `type` that manifests and pipeline files use. */
export const modelDefinitions: ReadonlyMap<string, ModelDefinition<unknown>> = new Map(
  // Settings go in only after the definition's own schema parsed them.
  [
    atam,
    bdae,
    bilstm,
    bimodalLstm,
    concatenation,
    crossAttention,
    dgcnn,
    hiMoe,
    lateFusion,
    prnet,
    prnetImage,
  ].map((definition) => [definition.type, definition as unknown as ModelDefinition<unknown>]),
);
