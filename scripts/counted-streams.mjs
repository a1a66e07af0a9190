// Streams whose samples are counters, sent to a daemon that records, and what recordings hold of them. For kill-recordings.mjs and
// power-cuts.mjs.
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

/** Streams socket-0, socket-1, ... that send from now on; `session` names the k-th one's. Gives what ends them. */
export function sendCounters(url, { clock, streams, session, acked = () => {} }) {
  const senders = Array.from({ length: streams }, (_, k) => {
    const connection = new IngestConnection(url, { WebSocket, session: session(k), client: `c${k}` });
    const name = `socket-${k}`;
    const stream = connection.open({ name, type: 'EEG', sfreq: RATE_HZ, channels: ['Cz'], unit: 'uV' });
    let sent = 0;
    stream.on('ack', (frame) => acked(name, (frame + 1) * FRAME));
    // The daemon is to go away.
    stream.on('error', () => {});
    const timer = clock.every(FRAME / RATE_HZ, () => {
      stream.push(
        Array.from({ length: FRAME }, (_, i) => [sent + i]),
        clock.now(),
      );
      sent += FRAME;
    });
    return { connection, timer };
  });
  return () => {
    for (const { connection, timer } of senders) {
      timer.cancel();
      connection.abandon();
    }
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
