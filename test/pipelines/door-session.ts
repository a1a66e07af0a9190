import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Seconds } from '../../src/core/clock.js';
import { Random } from '../../src/core/random.js';
import type { Chunk, StreamInfo, StreamMessage, StreamType } from '../../src/core/signal.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { onGrid } from '../../src/signal/timebase/session-time.js';
import { simulateSession } from '../../src/simulation/session.js';

/** What one device measured, before any format or network had it. */
export interface Track {
  readonly info: StreamInfo;
  /** [n] stamps, s from the session's start, on the grid of 1 us. */
  readonly stamps: readonly Seconds[];
  /** [n][C] multiples of 2^-4 within +-2000, NaN = missing. */
  readonly rows: readonly (readonly number[])[];
}

const CHUNK_S: Seconds = 0.1;
const STEP = 2 ** -4;
const MOST = 2000;
/** Of signals that are small in their unit, by how much they are made larger. */
const gains: Readonly<Record<string, number>> = { norm: 32 };
const types: readonly StreamType[] = ['EEG', 'Gaze', 'PPG', 'EDA', 'TEMP'];

function tracksOf(messages: readonly StreamMessage[], span_s: Seconds): Track[] {
  const chunks = messages.flatMap((message) => (message.kind === 'chunk' ? [message.chunk] : []));
  return types.map((type) => {
    const own = chunks.filter(({ info }) => info.type === type);
    const [{ info }] = own;
    const rows = own.flatMap(({ data, times }) =>
      [...times].map((_, i) =>
        info.channels.map((__, c) =>
          quantised(data[c * times.length + i] * (gains[info.channels[c].unit] ?? 1)),
        ),
      ),
    );
    const kept = rows.slice(0, Math.round(span_s * info.sfreq));
    const { sfreq, channels, simulated } = info;
    return {
      info: {
        id: type,
        name: type,
        type,
        sourceId: `id of ${type}`,
        sfreq,
        channels,
        ...(simulated && { simulated }),
      },
      stamps: kept.map((_, i) => onGrid(i / sfreq)),
      rows: kept,
    };
  });
}

const quantised = (value: number): number =>
  Math.max(-MOST, Math.min(MOST, Math.round(value / STEP) * STEP)) + 0;

/** A person with a cap, an eye tracker and a wristband. */
export function simulatedTracks(span_s: Seconds): Track[] {
  return tracksOf([...simulateSession({ profile: 'epoc', seed: 7, duration_s: span_s })], span_s);
}

/** Each device was somebody else's: what matters is that they are three real ones. `recordings`: the folder of all. */
export async function realTracks(recordings: string, folder: string, span_s: Seconds): Promise<Track[]> {
  const band = join(folder, 'band');
  mkdirSync(band, { recursive: true });
  for (const name of ['BVP', 'EDA', 'TEMP'])
    copyFileSync(join(recordings, `stress-predict/Raw_data/S08/${name}.csv`), join(band, `${name}.csv`));
  const devices = [
    { path: join(recordings, 'eegmat/Subject00_1.edf'), from_s: 0 },
    { path: join(recordings, 'eyelink-asc/002_rlmw_samples_short.asc'), from_s: 0 },
    // By then its pulse is steady.
    { path: band, from_s: 330 },
  ];
  const messages: StreamMessage[] = [];
  for (const { path, from_s } of devices) {
    const recording = await openRecording(path);
    let start: Seconds | null = null;
    for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} })) {
      if (message.kind !== 'chunk') continue;
      const [first] = message.chunk.times;
      start ??= first;
      if (first > start + from_s + span_s) break;
      if (first >= start + from_s) messages.push(message);
    }
    await recording.close();
  }
  return tracksOf(messages, span_s);
}

const without = ({ info, stamps, rows }: Track, isLost: (t: Seconds) => boolean): Track => ({
  info,
  stamps: stamps.filter((t) => !isLost(t)),
  rows: rows.filter((_, i) => !isLost(stamps[i])),
});

/** Stamps up to 10 ms late, though never before the one before. */
function jittered(track: Track): Track {
  const random = new Random('jitter', track.info.id);
  let last = Number.NEGATIVE_INFINITY;
  const stamps = track.stamps.map((t, i) => {
    last = onGrid(Math.max(last + 1e-6, i === 0 ? t : t + 0.01 * random.uniform()));
    return last;
  });
  return { ...track, stamps };
}

const faults: Partial<Record<StreamType, (track: Track) => Track>> = {
  EEG: (track) => jittered(without(track, (t) => t >= 10 && t < 10.1)),
  Gaze: (track) => without(track, (t) => t >= 14 && t < 17),
  // It makes seven samples where it declares eight.
  PPG: (track) => {
    const span_s = track.stamps[track.stamps.length - 1];
    const slow = { ...track, stamps: track.stamps.map((t) => onGrid((t * 8) / 7)) };
    return without(slow, (t) => t > span_s);
  },
  EDA: jittered,
  TEMP: (track) => without(track, (t) => t < 5),
};

/**
 * Faults of single streams: EEG loses 100 ms at 10 s, the eye tracker 3 s at 14 s, the pulse sensor's rate is wrong, stamps of EEG
 * and EDA jitter by 10 ms, TEMP joins at 5 s.
 */
export function faulty(tracks: readonly Track[]): Track[] {
  return tracks.map((track) => faults[track.info.type]!(track));
}

/** What every format carries: all streams pause for 100 ms behind 10 s of samples, and for 3 s behind 16 s. */
export function pausing(tracks: readonly Track[]): Track[] {
  return tracks.map(({ stamps, ...rest }) => ({
    ...rest,
    stamps: stamps.map((t) => onGrid(t + (t >= 10 ? 0.1 : 0) + (t >= 16 ? 3 : 0))),
  }));
}

/** What all of them send, in the order of its sending, 100 ms at once, be there a hole in it; `base` is added to stamps. */
export function messagesOf(tracks: readonly Track[], base: Seconds = 0): StreamMessage[] {
  const chunks = tracks.flatMap(({ info, stamps, rows }) => {
    const places = new Map<number, number[]>();
    for (const [i, t] of stamps.entries()) {
      const place = Math.floor(t / CHUNK_S + 1e-6);
      places.set(place, [...(places.get(place) ?? []), i]);
    }
    return [...places.values()].map(
      (own): Chunk => ({
        info,
        times: Float64Array.from(own, (i) => onGrid(base + stamps[i])),
        data: Float64Array.from(info.channels.flatMap((_, c) => own.map((i) => rows[i][c]))),
        gapBefore: false,
      }),
    );
  });
  const last = ({ times }: Chunk): Seconds => times[times.length - 1];
  return [
    ...tracks.map(({ info }): StreamMessage => ({ kind: 'open', info })),
    ...chunks.sort((a, b) => last(a) - last(b)).map((chunk): StreamMessage => ({ kind: 'chunk', chunk })),
  ];
}
