// Streams whose samples are counters, sent to a daemon that records, and what recordings hold of them. For kill-recordings.mjs,
// power-cuts.mjs, failing-disk.mjs and soak.mjs.
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { IngestConnection } from '../dist/io/client/index.js';

export const RATE_HZ = 200;
/** Samples a frame. */
export const FRAME = 20;

/** Arguments of Node that run a daemon which records to `record`; its pipeline goes into `folder`. */
export function recordingDaemon(folder, record) {
  const pipeline = join(folder, 'eeg.yaml');
  writeFileSync(
    pipeline,
    'sources:\n  eeg: { type: websocket, stream_type: EEG }\ntransforms:\n  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 1, hop_s: 0.5 }\n',
  );
  const options = ['--port', '0', '--log-level', 'silent', '--record', record];
  return ['bin/affectd.js', 'run', pipeline, ...options];
}

/** Where a daemon that was started listens. */
export async function addressOf(child) {
  const [line] = await once(child.stdout, 'data');
  return /listens on (\S+)/.exec(line.toString())[1];
}

/**
 * Streams socket-0, socket-1, ... that send from now on; `session` names the k-th one's. `stop` ends them, and `pause` lets them send
 * no more. `skip` has one measure samples that it never sends, `cut` breaks its connection, and `late` is told of what it couldn't send
 * when it was measured, `sent` and `acked` how many samples are, and `refused` what isn't taken.
 */
export function sendCounters(
  url,
  { clock, streams, session, acked = () => {}, late = () => {}, sent = () => {}, refused = () => {} },
) {
  const senders = Array.from({ length: streams }, (_, k) => {
    let socket = null;
    class NotedSocket extends WebSocket {
      constructor(...given) {
        super(...given);
        socket = this;
      }
    }
    const connection = new IngestConnection(url, {
      ...{ WebSocket: NotedSocket, session: session(k), client: `c${k}` },
    });
    const name = `socket-${k}`;
    const stream = connection.open({ name, type: 'EEG', sfreq: RATE_HZ, channels: ['Cz'], unit: 'uV' });
    const begin = clock.now();
    let measured = 0;
    let skipTo = begin;
    let skipped = 0;
    const frames = [];
    stream.on('ack', (frame) => acked(name, frames[frame]));
    stream.on('nack', (refusal) => refused(name, refusal));
    // The daemon is to go away.
    stream.on('error', () => {});
    // A device's samples are as far apart as its rate has it, whatever the timer of its sender does.
    const timer = clock.every(FRAME / RATE_HZ, () => {
      const now = clock.now();
      const due_s = now - begin - (measured + FRAME) / RATE_HZ;
      if (due_s > FRAME / RATE_HZ) late(k, due_s);
      for (; begin + (measured + FRAME) / RATE_HZ <= now; measured += FRAME) {
        const stamp = begin + measured / RATE_HZ;
        if (stamp < skipTo) {
          skipped += FRAME;
          continue;
        }
        const values = Array.from({ length: FRAME }, (_, i) => [measured + i]);
        frames[stream.push(values, stamp)] = measured + FRAME - skipped;
        sent(name, measured + FRAME - skipped);
      }
    });
    const skip = (length_s) => {
      skipTo = clock.now() + length_s;
    };
    return { connection, timer, skip, cut: () => socket.terminate() };
  });
  const pause = () => {
    for (const { timer } of senders) timer.cancel();
  };
  return {
    pause,
    skip: (k, length_s) => senders[k].skip(length_s),
    cut: (k) => senders[k].cut(),
    stop: () => {
      pause();
      for (const { connection } of senders) connection.abandon();
    },
  };
}

/** The recordings in a folder. */
export function filesIn(folder) {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.xdf'))
    .map((file) => join(folder, file));
}

/** Values of every stream of recordings, by its name; closes them. */
export async function valuesIn(recordings) {
  const found = new Map();
  for (const recording of recordings) {
    for await (const message of recording.messages({ chunk: null, clockSync: false, events: () => {} }))
      if (message.kind === 'chunk' && message.chunk.info.type === 'EEG') {
        const { name } = message.chunk.info;
        if (!found.has(name)) found.set(name, []);
        found.get(name).push(...message.chunk.data);
      }
    await recording.close();
  }
  return found;
}

/** How many values are there more than once. */
export function doubledIn(kept) {
  return [...kept.values()].reduce((sum, own) => sum + own.length - new Set(own).size, 0);
}
