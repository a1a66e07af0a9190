import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openRecording } from '../../src/io/recordings/open.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import { loggedSources } from '../../src/pipeline/run/match-streams.js';
import { outputMessage } from '../../src/pipeline/run/output-messages.js';
import { replay } from '../../src/pipeline/run/replay.js';
import type { LoadedPipeline } from '../../src/pipeline/run/run-session.js';

/** What the replay of the recording that a folder holds gives, of the session `default`. */
export async function replayedRecording(folder: string, loaded: LoadedPipeline): Promise<OutputMessage[]> {
  const [file] = readdirSync(folder).filter((name) => name.endsWith('.xdf'));
  const recording = await openRecording(join(folder, file));
  const outputs: OutputMessage[] = [];
  for await (const output of replay(recording.messages({ chunk: null, clockSync: true, events: () => {} }), {
    ...{ session: 'default', loaded, events: () => {}, features: true, batch: 16 },
    inArrivalOrder: recording.inArrivalOrder,
    logged: loggedSources(loaded.pipeline, recording.bound),
    thinned: recording.thinned,
  })) {
    const message = outputMessage('default', output);
    if (message) outputs.push(message);
  }
  await recording.close();
  return outputs;
}
