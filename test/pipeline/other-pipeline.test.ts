import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../src/core/event.js';
import { streamInfo } from '../../src/testing/stream-fixtures.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { arrivals, closed, inOrder, liveAndReplay, opened, pipelineOf } from './live-and-replay.js';

const folder = temporaryFolder();

const eeg = streamInfo({ type: 'EEG', sfreq: 100, labels: ['Cz'], unit: 'uV' });
const gaze = {
  ...streamInfo({ type: 'Gaze', sfreq: 60, labels: ['x', 'y'], unit: 'px' }),
  ...{ id: 'gaze', name: 'gaze' },
};
const sent = { chunk_s: 0.1, delay_s: 0.02 };

const headset = (name: string): string => `  ${name}: { type: websocket, stream_type: EEG }`;
const tracker = '  eye: { type: websocket, stream_type: Gaze }';
const de = (input: string): string =>
  `  de: { type: extract, input: ${input}, features: [differential-entropy], window_s: 1, hop_s: 0.5 }`;
const statistics =
  '  look: { type: extract, input: eye, features: [gaze-statistics], window_s: 1, hop_s: 0.5 }';
const withHeadset = pipelineOf(`sources:\n${headset('eeg')}\ntransforms:\n${de('eeg')}\n`);
const withBoth = pipelineOf(
  `sources:\n${headset('head')}\n${tracker}\ntransforms:\n${de('head')}\n${statistics}\n`,
);

/** The headset is silent from 20 to 24 s, the eye tracker from 10 to 19 s. */
const happenings = inOrder(
  opened(0, eeg, gaze),
  arrivals([
    { ...sent, info: eeg, from: 0, to: 20 },
    { ...sent, info: eeg, from: 24, to: 30, gap: true },
    { ...sent, info: gaze, from: 0, to: 10 },
    { ...sent, info: gaze, from: 19, to: 30, gap: true },
  ]),
  closed(30.1, eeg, gaze),
);

const features = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => !line.startsWith('["closed"'));
const silences = (events: readonly SessionEvent[]) =>
  events
    .filter(({ code }) => code === 'stream-stale' || code === 'stream-returned')
    .map(({ code, stream, time }) => [code, stream, time]);

describe('a recording of ours that is replayed through another pipeline than it was recorded with', () => {
  it('binds sources anew that its log does not know, and tells their silence, as that pipeline would have live', async () => {
    const other = await liveAndReplay(join(folder, 'eeg'), withHeadset, happenings, {
      replayedThrough: withBoth,
    });
    const own = await liveAndReplay(join(folder, 'both'), withBoth, happenings);
    expect(own.replayed).toEqual(own.live);
    expect(silences(own.events)).toEqual([
      ['stream-stale', 'gaze', 10.5],
      ['stream-returned', 'gaze', 19.5],
      ['stream-stale', 'eeg', 20.5],
      ['stream-returned', 'eeg', 24.5],
    ]);
    expect(features(other.replayed)).toEqual(features(own.live));
    // Of the tracker, which no source of the recorded session took, stamps tell: a hop later than arrivals did.
    expect(silences(other.told)).toEqual([
      ['stream-stale', 'gaze', 11],
      ['stream-returned', 'gaze', 19.5],
      ['stream-stale', 'eeg', 20.5],
      ['stream-returned', 'eeg', 24.5],
    ]);
  });

  it('obeys its log where the names are the same and the nodes are others', async () => {
    const slower = pipelineOf(
      `sources:\n${headset('eeg')}\ntransforms:\n  slow: { type: extract, input: eeg, features: [differential-entropy], window_s: 2, hop_s: 1 }\n`,
    );
    const other = await liveAndReplay(join(folder, 'same'), withHeadset, happenings, {
      replayedThrough: slower,
    });
    const own = await liveAndReplay(join(folder, 'slower'), slower, happenings);
    expect(other.replayed).toEqual(own.live);
  });
});
