import type { z } from 'zod';
import type { TransformDefinition } from '../core/component.js';
import { modelDefinitions } from '../models/definitions.js';
import { consoleSink } from '../sinks/console.js';
import { lslSink } from '../sinks/lsl.js';
import type { SinkDefinition } from '../sinks/sink.js';
import { webSocketSink } from '../sinks/websocket.js';
import { lslSource } from '../sources/lsl.js';
import { recordingSource } from '../sources/recording.js';
import type { SourceDefinition } from '../sources/source.js';
import { syntheticSource } from '../sources/synthetic.js';
import { webSocketSource } from '../sources/websocket.js';
import { align } from '../transforms/align.js';
import { bandpass } from '../transforms/bandpass.js';
import { extract } from '../transforms/extract.js';
import { interpolate } from '../transforms/interpolate.js';
import { mask } from '../transforms/mask.js';
import { maskMotion } from '../transforms/mask-motion.js';
import { maskNoise } from '../transforms/mask-noise.js';
import { normalize } from '../transforms/normalize.js';
import { notch } from '../transforms/notch.js';
import { pool } from '../transforms/pool.js';
import { rereference } from '../transforms/rereference.js';
import { resample } from '../transforms/resample.js';
import { restIndex } from '../transforms/rest-index.js';
import { smooth } from '../transforms/smooth.js';
import { subtractBaseline } from '../transforms/subtract-baseline.js';
import { subtractLuminance } from '../transforms/subtract-luminance.js';
import { window } from '../transforms/window.js';

function byType<T extends { readonly type: string }>(definitions: readonly T[]): ReadonlyMap<string, T> {
  return new Map(definitions.map((definition) => [definition.type, definition]));
}

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
export const transformDefinitions = byType(transforms as unknown as readonly TransformDefinition[]);
const sources = [webSocketSource, lslSource, recordingSource, syntheticSource];
export const sourceDefinitions = byType(sources as unknown as readonly SourceDefinition[]);
export { modelDefinitions };
export const sinkDefinitions = byType([webSocketSink, lslSink, consoleSink] as readonly SinkDefinition[]);

export type ParameterSchema = z.ZodType<Readonly<Record<string, unknown>>>;
