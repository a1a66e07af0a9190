import type { EventSink } from '../core/event.js';
import type { DaemonOptions } from '../daemon/daemon-settings.js';
import { loadPipeline } from '../pipeline/file/load.js';
import { LIVE_ANSWERS_WITHIN_S, loadModels } from '../pipeline/run/load-models.js';
import type { LoadedPipeline } from '../pipeline/run/run-session.js';
import type { CommandContext } from './context.js';

/** Loads a pipeline file and its models for live sessions. Throws `ConfigurationError`; the command's end ends the loading. */
export async function loadLive(
  { signal }: CommandContext,
  file: string,
  { engine }: DaemonOptions,
  events: EventSink,
): Promise<LoadedPipeline> {
  const pipeline = await loadPipeline(file);
  return loadModels(pipeline, { engine, events, answersWithin_s: LIVE_ANSWERS_WITHIN_S, signal });
}
