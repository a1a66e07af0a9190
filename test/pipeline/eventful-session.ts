import { Random } from '../../src/core/random.js';
import type { Chunk, StreamInfo, StreamMessage, StreamType } from '../../src/core/signal.js';
import { type SimulationOptions, simulateSession } from '../../src/simulation/session.js';
import { streamInfo } from '../../src/testing/stream-fixtures.js';

interface Device {
  readonly info: StreamInfo;
  /** Time from stamp to stamp after the sample at `t`, s. */
  readonly step_s: (t: number) => number;
  readonly value: (c: number, t: number) => number;
  /** When it sends nothing, s. */
  readonly off?: readonly (readonly [from: number, to: number])[];
}

const CHUNK_S = 0.13;

/** A device's chunks, in order; a gap before those that come after a time off. */
function* chunksOf({ info, step_s, value, off = [] }: Device, duration_s: number): Generator<Chunk> {
  const channels = info.channels.length;
  let times: number[] = [];
  let gapBefore = false;
  const chunk = (): Chunk => {
    const n = times.length;
    const data = new Float64Array(channels * n);
    for (let c = 0; c < channels; c++) for (let i = 0; i < n; i++) data[c * n + i] = value(c, times[i]);
    return { info, data, times: Float64Array.from(times), gapBefore };
  };
  for (let i = 0, t = 0; t < duration_s; i++, t = info.sfreq > 0 ? i / info.sfreq : t + step_s(t)) {
    const isOff = off.some(([from, to]) => t >= from && t < to);
    if (times.length > 0 && (isOff || t - times[0] >= CHUNK_S)) {
      yield chunk();
      times = [];
      gapBefore = false;
    }
    if (isOff) gapBefore = i > 0;
    else times.push(t);
  }
  if (times.length > 0) yield chunk();
}

/** Sensors that the simulator lacks, some with a moment of NaN, some with a time off. */
function otherDevices(): Device[] {
  const random = new Random('eventful');
  const of = (
    type: StreamType,
    sfreq: number,
    labels: readonly string[],
    unit: string,
    id: string = type,
  ) => ({
    ...streamInfo({ type, sfreq, labels, unit }),
    id,
    name: id,
  });
  const regular = () => 0;
  const lost =
    (from: number, to: number, value: (c: number, t: number) => number) => (c: number, t: number) =>
      t >= from && t < to ? Number.NaN : value(c, t);
  const beat_s = (t: number) => 0.8 + 0.06 * Math.sin(0.6 * t) + 0.01 * random.gaussian();
  const lidCloses = (t: number) => Math.max(0, 1 - Math.abs((t % 3.7) - 1) / 0.11);
  const action = ['AU01_r', 'AU12_r', 'AU45_r', 'AU12_c', 'AU28_c'];
  return [
    { info: of('HR', 0, ['hr'], '1/min'), step_s: () => 1, value: (_, t) => 70 + 5 * Math.sin(t / 7) },
    { info: of('IBI', 0, ['ibi'], 's'), step_s: beat_s, value: lost(31, 33, (_, t) => beat_s(t)) },
    {
      info: of('RESP', 25, ['belt'], 'V'),
      step_s: regular,
      value: (_, t) => Math.sin(1.6 * t + 0.4 * Math.sin(t / 9)) + 0.05 * random.gaussian(),
      off: [[14.02, 14.5]],
    },
    {
      info: of('EOG', 128, ['VEOG'], 'uV'),
      step_s: regular,
      value: lost(20, 20.2, (_, t) => 250 * lidCloses(t) + 5 * random.gaussian()),
    },
    {
      info: of('Face', 30, [...action, 'success', 'confidence'], ''),
      step_s: regular,
      value: (c, t) => (c < action.length ? 2 + Math.sin(t + c) : Number(t % 9 > 1)),
    },
    {
      info: of('Other', 2, ['CQ_AF3', 'CQ_TP9', 'CQ_Fp1'], '', 'EEG-Quality'),
      step_s: regular,
      value: (c, t) => Math.floor(t / 5 + c) % 5,
    },
    {
      info: of('Other', 0, ['fixation id', 'dispersion', 'duration'], '', 'Fixations'),
      step_s: () => 0.07,
      value: (c, t) => [Math.floor(t / 0.4), 0.5, 70 + 1000 * (t % 0.4)][c],
    },
    {
      info: of('Gaze', 0, ['x', 'y', 'diameter_left', 'luminance'], 'deg', 'irregular gaze'),
      step_s: () => 0.011 + 0.002 * random.uniform(),
      value: lost(26, 26.3, (c, t) => {
        const place = Math.floor(t / 0.35);
        const size = 4 + 0.6 * Math.sin(t / 2) + 0.02 * random.gaussian();
        if (c > 1) return c === 2 ? size : 40 + 35 * Math.sin(t / 2);
        return 8 * Math.sin(12.9 * place + c) + 0.03 * random.gaussian();
      }),
      off: [[41, 41.12]],
    },
  ];
}

/** What a device or a person tells: rest, events of an eye tracker, an anchor. */
const told: readonly (readonly [time: number, value: string])[] = [
  [3, 'rest'],
  [6.5, 'fixation duration_s=0.3 eye=left'],
  [12.25, 'saccade duration_s=0.04 eye=left'],
  [18, 'end of rest'],
  [23.1, 'blink duration_s=0.15 eye=left'],
  [29.9, 'anchor:calm'],
  [37.3, 'fixation duration_s=0.5 eye=left'],
];

/**
 * Everything that the shipped pipelines read, for `duration_s`, with holes, lost and flat channels, in order of first stamps.
 * The same messages each time.
 */
export function eventfulSession(
  options: Pick<SimulationOptions, 'profile' | 'duration_s' | 'faults'>,
): readonly StreamMessage[] {
  const simulated = [...simulateSession({ ...options, seed: 'eventful', chunksPerSecond: 6 })];
  const devices = otherDevices();
  const at = (time: number, message: StreamMessage) => ({ time, message });
  const stamped = [
    ...simulated.flatMap((message) =>
      message.kind === 'chunk' ? [at(message.chunk.times[0], message)] : [],
    ),
    ...devices.flatMap((device) =>
      Array.from(chunksOf(device, options.duration_s), (chunk) =>
        at(chunk.times[0], { kind: 'chunk', chunk }),
      ),
    ),
    ...told
      .filter(([time]) => time < options.duration_s)
      .map(([time, value]) => at(time, { kind: 'marker', marker: { stream: 'told', time, value } })),
  ];
  stamped.sort((a, b) => a.time - b.time);
  return [
    ...simulated.filter(({ kind }) => kind === 'open'),
    ...devices.map(({ info }): StreamMessage => ({ kind: 'open', info })),
    ...stamped.map(({ message }) => message),
    ...simulated.filter(({ kind }) => kind === 'close'),
    ...devices.map(({ info }): StreamMessage => ({ kind: 'close', id: info.id })),
  ];
}
