import type { TransformDefinition } from '../../core/component.js';
import { align } from './align.js';
import { bandpass } from './bandpass.js';
import { extract } from './extract.js';
import { interpolate } from './interpolate.js';
import { mask } from './mask.js';
import { maskMotion } from './mask-motion.js';
import { maskNoise } from './mask-noise.js';
import { normalize } from './normalize.js';
import { notch } from './notch.js';
import { pool } from './pool.js';
import { rereference } from './rereference.js';
import { resample } from './resample.js';
import { restIndex } from './rest-index.js';
import { smooth } from './smooth.js';
import { subtractBaseline } from './subtract-baseline.js';
import { subtractLuminance } from './subtract-luminance.js';
import { window } from './window.js';

// A definition is stored without its parameter type: the schema that it carries is what checks the parameters.
const transforms = [
  bandpass,
  notch,
  resample,
  mask,
  interpolate,
  rereference,
  window,
  extract,
  pool,
  normalize,
  smooth,
  subtractBaseline,
  subtractLuminance,
  restIndex,
  maskMotion,
  maskNoise,
  align,
];

/** Every transform by its `type` in a pipeline file. */
export const transformDefinitions: ReadonlyMap<string, TransformDefinition> = new Map(
  (transforms as unknown as readonly TransformDefinition[]).map((definition) => [
    definition.type,
    definition,
  ]),
);
