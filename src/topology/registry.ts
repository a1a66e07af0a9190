import type { z } from 'zod';
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
import { transformDefinitions } from '../transforms/registry.js';

function byType<T extends { readonly type: string }>(definitions: readonly T[]): ReadonlyMap<string, T> {
  return new Map(definitions.map((definition) => [definition.type, definition]));
}

// A definition is stored without its parameter type: the schema that it carries is what checks the parameters.
const sources = [webSocketSource, lslSource, recordingSource, syntheticSource];
export const sourceDefinitions = byType(sources as unknown as readonly SourceDefinition[]);
export { modelDefinitions, transformDefinitions };
export const sinkDefinitions = byType([webSocketSink, lslSink, consoleSink] as readonly SinkDefinition[]);

export type ParameterSchema = z.ZodType<Readonly<Record<string, unknown>>>;
