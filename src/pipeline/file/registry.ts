import type { z } from 'zod';
import { consoleSink } from '../../io/sinks/console.js';
import { lslSink } from '../../io/sinks/lsl.js';
import type { SinkDefinition } from '../../io/sinks/sink.js';
import { webSocketSink } from '../../io/sinks/websocket.js';
import { lslSource } from '../../io/sources/lsl.js';
import { recordingSource } from '../../io/sources/recording.js';
import type { SourceDefinition } from '../../io/sources/source.js';
import { syntheticSource } from '../../io/sources/synthetic.js';
import { webSocketSource } from '../../io/sources/websocket.js';
import { modelDefinitions } from '../../model/networks/definitions.js';
import { transformDefinitions } from '../../signal/transforms/registry.js';

function byType<T extends { readonly type: string }>(definitions: readonly T[]): ReadonlyMap<string, T> {
  return new Map(definitions.map((definition) => [definition.type, definition]));
}

// A definition is stored without its parameter type: the schema that it carries is what checks the parameters.
const sources = [webSocketSource, lslSource, recordingSource, syntheticSource];
export const sourceDefinitions = byType(sources as unknown as readonly SourceDefinition[]);
export { modelDefinitions, transformDefinitions };
export const sinkDefinitions = byType([webSocketSink, lslSink, consoleSink] as readonly SinkDefinition[]);

export type ParameterSchema = z.ZodType<Readonly<Record<string, unknown>>>;
