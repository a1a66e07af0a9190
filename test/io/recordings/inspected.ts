import { inspectRecording } from '../../../src/io/recordings/inspect.js';
import { openRecording } from '../../../src/io/recordings/open.js';

/** What `affectd inspect` tells of the recording at `path`. */
export async function inspected(path: string) {
  const recording = await openRecording(path);
  try {
    return await inspectRecording(recording);
  } finally {
    await recording.close();
  }
}
