import { Feed } from '../../src/cli/feed.js';
import { openRecording } from '../../src/recordings/open.js';

/** Pushes a recording to a daemon, as devices would. */
export async function feedRecording(url: string, path: string, name: string): Promise<void> {
  const feed = new Feed({ url, session: name, client: 'test' });
  const recording = await openRecording(path);
  for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} })) {
    if (message.kind === 'chunk') await feed.ready();
    feed.send(message);
  }
  await recording.close();
  await feed.close();
}
