import type { Seconds, VirtualClock } from '../../src/core/clock.js';
import type { StreamMessage } from '../../src/core/signal.js';
import { Feed } from '../../src/daemon/feed.js';
import { openRecording } from '../../src/io/recordings/open.js';

/** Turns of the event loop within which a daemon in this process has taken what was sent, unless it waits for time to pass. */
const TAKEN_WITHIN_TURNS = 200;
const WAIT_S: Seconds = 0.1;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function taken(feed: Feed): Promise<void> {
  for (let turns = 0; feed.unacknowledged > 0 && turns < TAKEN_WITHIN_TURNS; turns++) await turn();
}

/** Pushes messages to a daemon as devices would, in lock-step with its clock: a chunk when its last sample is measured. */
export async function feedMessages(
  feed: Feed,
  messages: AsyncIterable<StreamMessage> | Iterable<StreamMessage>,
  clock: VirtualClock,
  sent: (chunks: number) => Promise<void> = async () => {},
): Promise<void> {
  let start: Seconds | null = null;
  let chunks = 0;
  for await (const message of messages) {
    if (message.kind === 'chunk') {
      await feed.ready();
      const { times } = message.chunk;
      start ??= clock.now() - times[0];
      clock.advance(Math.max(0, start + times[times.length - 1] - clock.now()));
    }
    feed.send(message);
    if (message.kind !== 'chunk') continue;
    await taken(feed);
    await sent(++chunks);
  }
  let isClosed = false;
  const closed = feed.close().finally(() => {
    isClosed = true;
  });
  while (!isClosed) {
    for (let turns = 0; !isClosed && turns < TAKEN_WITHIN_TURNS; turns++) await turn();
    if (!isClosed) clock.advance(WAIT_S);
  }
  await closed;
}

/** Pushes a recording to a daemon that runs on `clock`, as devices would. */
export async function feedRecording(
  url: string,
  path: string,
  name: string,
  clock: VirtualClock,
): Promise<void> {
  const feed = new Feed({ url, session: name, client: 'test' });
  const recording = await openRecording(path);
  await feedMessages(feed, recording.messages({ chunk: null, clockSync: true, events: () => {} }), clock);
  await recording.close();
}
