import type { Seconds } from '../core/clock.js';
import { type ClockFigures, clockFigures } from './clock-figures.js';
import { clockTrial } from './clock-trial.js';
import type { SimulatedDevice } from './simulated-arrivals.js';

/** What a clock has to show on a device, with each seed, or over all of them where it says so. */
export interface ClockDemands {
  /** Over all seeds. */
  readonly falseGapsPerMinute?: number;
  /** Share of losses that are told as gaps, over all seeds. */
  readonly told?: number;
  readonly outliers?: number;
  /** Resets, and within how long after the step, s. */
  readonly resets?: number;
  readonly resetWithin_s?: Seconds;
  /** Greatest error of placement, s; predicted stamps aside. */
  readonly placed_s?: Seconds;
  /** The same from the first sample on, none of them masked, s. */
  readonly placedFromFirst_s?: Seconds;
  /** Median error of placement over the last 30 s, s. */
  readonly placedAtLast_s?: Seconds;
  readonly lostWindows?: number;
  /** The true rate, Hz, to be used, to 0.1 Hz, by so long; and nothing else later. Null: the declared rate stays. */
  readonly rate?: { readonly hz: number; readonly by_s: Seconds } | null;
  readonly staleWithin_s?: Seconds;
}

/** One device of the table in docs/explanation/clocks.md. */
export interface ClockRow {
  readonly name: string;
  readonly device: SimulatedDevice;
  readonly clock: 'ours' | 'own';
  readonly shows: ClockDemands;
  /** So many seeds it has to be shown with, where one says little. */
  readonly leastSeeds?: number;
}

export interface ClockRowResult {
  readonly row: ClockRow;
  readonly figures: readonly ClockFigures[];
  /** One line for each demand that isn't met. */
  readonly failures: readonly string[];
}

const RATE_WITHIN_HZ = 0.1;
const DURATION_S: Seconds = 150;
const STEP_AT_S: Seconds = 80;

/** Runs one row of the table with each of `seeds`. */
export function runClockRow(row: ClockRow, seeds: readonly number[]): ClockRowResult {
  const { device, clock } = row;
  const figures = seeds.map((seed) => clockFigures(clockTrial(device, { seed, clock })));
  return { row, figures, failures: failuresOf(row, figures) };
}

export function failuresOf({ shows, device }: ClockRow, figures: readonly ClockFigures[]): string[] {
  const failures: string[] = [];
  const demand = (what: string, value: number, most: number | undefined): void => {
    if (most !== undefined && !(value <= most + 1e-9)) failures.push(`${what}: ${value} > ${most}`);
  };
  const falseGaps = mean(figures.map((f) => f.falseGapsPerMinute));
  demand('false gaps a minute', Math.round(10 * falseGaps) / 10, shows.falseGapsPerMinute);
  if (shows.told !== undefined) {
    const share = toldShare(figures);
    if (!(share >= shows.told)) failures.push(`losses told: ${share} < ${shows.told}`);
  }
  for (const [i, f] of figures.entries()) {
    const of = (what: string) => `${what} (run ${i + 1})`;
    if (shows.outliers !== undefined && f.outliers !== shows.outliers)
      failures.push(`${of('outliers')}: ${f.outliers}, not ${shows.outliers}`);
    if (shows.resets !== undefined && f.resets.length !== shows.resets)
      failures.push(`${of('resets')}: ${f.resets.length}, not ${shows.resets}`);
    if (device.clockStep)
      demand(of('reset after, s'), f.resets[0] - device.clockStep.at_s, shows.resetWithin_s);
    if (f.ignored > 0) failures.push(`${of('stamps ignored')}: ${f.ignored}`);
    demand(of('placed within, s'), f.worstPlace_s, shows.placed_s);
    demand(of('placed from the first sample within, s'), f.worstFromFirst_s, shows.placedFromFirst_s);
    if (shows.placedFromFirst_s !== undefined && f.masked > 0)
      failures.push(`${of('samples masked')}: ${f.masked}`);
    demand(of('placed at last within, s'), Math.abs(f.lastPlace_s), shows.placedAtLast_s);
    demand(of('windows lost'), f.lostWindows, shows.lostWindows);
    if (shows.rate === null && f.rates.length > 0)
      failures.push(`${of('rate changed')}: ${JSON.stringify(f.rates)}`);
    if (shows.rate) {
      const { hz, by_s } = shows.rate;
      const isRight =
        f.rates.length === 1 &&
        f.rates[0].at_s <= by_s &&
        Math.abs((f.rates[0].used_hz ?? 0) - hz) <= RATE_WITHIN_HZ + 1e-9;
      if (!isRight) failures.push(`${of(`rate ${hz} Hz by ${by_s} s`)}: ${JSON.stringify(f.rates)}`);
    }
    if (shows.staleWithin_s !== undefined && device.outage_s) {
      const [from] = device.outage_s;
      const onset = f.staleOnsets.find((at) => at >= from) ?? Number.POSITIVE_INFINITY;
      demand(of('stale within, s'), onset - from, shows.staleWithin_s);
    }
  }
  return failures;
}

export function toldShare(figures: readonly ClockFigures[]): number {
  const losses = figures.reduce((sum, f) => sum + f.losses, 0);
  return losses === 0 ? 1 : figures.reduce((sum, f) => sum + f.told, 0) / losses;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const none = { kind: 'none' } as const;
const normal = (sd_s: Seconds) => ({ kind: 'normal', sd_s }) as const;
const uniform = (up_to_s: Seconds) => ({ kind: 'uniform', up_to_s }) as const;
const exponential = (mean_s: Seconds) => ({ kind: 'exponential', mean_s }) as const;

const muse = {
  ...{ sfreq: 256, packet: 12, lateness: normal(0.005), stamping: 'arrival', duration_s: DURATION_S },
} as const satisfies SimulatedDevice;
const plain = {
  ...{ sfreq: 128, packet: 8, lateness: none, stamping: 'device', duration_s: DURATION_S },
} as const satisfies SimulatedDevice;
const wristband = {
  ...{ sfreq: 64, packet: 8, lateness: uniform(0.2), stamping: 'device', duration_s: DURATION_S },
} as const satisfies SimulatedDevice;
const gaze = {
  ...{ sfreq: 60, packet: 90, lateness: uniform(0.1), stamping: 'device', duration_s: DURATION_S },
} as const satisfies SimulatedDevice;

const isTrackLost = (t: Seconds): boolean => Math.floor(t / 2.5) % 7 === 3 || Math.floor(t / 0.3) % 13 === 0;

const quiet: ClockDemands = { falseGapsPerMinute: 1.2, outliers: 0, resets: 0, rate: null };
const still: ClockDemands = { ...quiet, falseGapsPerMinute: 1 };
const stepped: ClockDemands = {
  ...{ resets: 1, resetWithin_s: 3.5, placed_s: 0.055, lostWindows: 0.01, rate: null },
};

const steps = [
  ['-2 s', -2],
  ['-1 h', -3600],
  ['+2 s', 2],
  ['+1 h', 3600],
] as const;

const ours = (name: string, device: SimulatedDevice, shows: ClockDemands): ClockRow => ({
  ...{ name, device, clock: 'ours', shows },
});
const own = (name: string, device: SimulatedDevice, shows: ClockDemands): ClockRow => ({
  ...{ name, device, clock: 'own', shows },
});

/** The table in order. */
export const clockRows: readonly ClockRow[] = [
  ours('Muse over LSL, normal jitter of 5 ms', muse, quiet),
  ours('Muse over LSL, exponential jitter of 5 ms', { ...muse, lateness: exponential(0.005) }, quiet),
  ours(
    'Muse over LSL, radio on a grid of 15 ms, 5 % sent again',
    { ...muse, lateness: { kind: 'ble' } },
    quiet,
  ),
  ...[0.02, 0.05, 0.1].map((lost_packets) =>
    ours(
      `Muse over LSL, ${100 * lost_packets} % of packets lost`,
      { ...muse, lost_packets },
      { told: 0.96, outliers: 0, rate: null },
    ),
  ),
  ours(
    'Muse over LSL, an outage of 9 s',
    { ...muse, outage_s: [80, 89] },
    { ...quiet, told: 0.96, staleWithin_s: 0.7 },
  ),
  ours(
    '220 Hz declared 256, packets',
    { ...muse, sfreq: 220, declared: 256 },
    { rate: { hz: 220, by_s: 6 } },
  ),
  ours(
    '220 Hz declared 256, single samples',
    { ...muse, sfreq: 220, declared: 256, packet: 1, lateness: normal(0.001), stamping: 'device-jittered' },
    { rate: { hz: 220, by_s: 6 } },
  ),
  ours(
    '250 Hz declared 257.5, packets',
    { ...muse, sfreq: 250, declared: 257.5 },
    { rate: { hz: 250, by_s: 62 } },
  ),
  ours(
    '250 Hz declared 257.5, single samples',
    { ...muse, sfreq: 250, declared: 257.5, packet: 1, lateness: normal(0.001), stamping: 'device-jittered' },
    { rate: { hz: 250, by_s: 62 } },
  ),
  ours(
    '257.5 Hz declared 250, packets',
    { ...muse, sfreq: 257.5, declared: 250 },
    { rate: { hz: 257.5, by_s: 62 } },
  ),
  ours(
    '257.5 Hz declared 250, single samples',
    { ...muse, sfreq: 257.5, declared: 250, packet: 1, lateness: normal(0.001), stamping: 'device-jittered' },
    { rate: { hz: 257.5, by_s: 62 } },
  ),
  ours(
    '125 Hz declared 250, packets',
    { ...muse, sfreq: 125, declared: 250 },
    { rate: { hz: 125, by_s: 6 } },
  ),
  ours(
    '125 Hz declared 250, single samples',
    { ...muse, sfreq: 125, declared: 250, packet: 1, lateness: normal(0.001), stamping: 'device-jittered' },
    { rate: { hz: 125, by_s: 6 } },
  ),
  ours(
    '250 Hz declared 125, packets',
    { ...muse, sfreq: 250, declared: 125 },
    { rate: { hz: 250, by_s: 6 } },
  ),
  own(
    '250 Hz declared 125, frames of 125 whose first stamp is told',
    { ...plain, sfreq: 250, declared: 125, packet: 125, stamping: 'first' },
    { rate: { hz: 250, by_s: 6 } },
  ),
  ours(
    '250 Hz declared 125, single samples',
    { ...muse, sfreq: 250, declared: 125, packet: 1, lateness: normal(0.001), stamping: 'device-jittered' },
    { rate: { hz: 250, by_s: 6 } },
  ),
  own('128 Hz', { ...plain, packet: 1 }, still),
  ...[0.02, 0.1].map((lost_samples) =>
    own(
      `128 Hz, ${100 * lost_samples} % of samples lost`,
      { ...plain, packet: 1, lost_samples },
      { told: 0.98, outliers: 0, rate: null },
    ),
  ),
  {
    ...ours(
      '250 Hz, jitter of 10 ms, a hole of 100 ms',
      {
        ...muse,
        sfreq: 250,
        packet: 1,
        lateness: normal(0.01),
        stamping: 'device-jittered',
        outage_s: [80, 80.1],
      },
      { ...still, told: 1 },
    ),
    leastSeeds: 8,
  },
  own('Tobii, 120 Hz', { ...plain, sfreq: 120, packet: 1, lateness: uniform(0.02) }, still),
  own(
    'Tobii, 120 Hz, rows left out at track loss',
    { ...plain, sfreq: 120, packet: 1, lateness: uniform(0.02), omits: isTrackLost },
    still,
  ),
  ours('Tobii, 1200 Hz', { ...plain, sfreq: 1200, packet: 12, lateness: uniform(0.005) }, still),
  ours(
    'Tobii, 1200 Hz, rows left out at track loss',
    { ...plain, sfreq: 1200, packet: 12, lateness: uniform(0.005), omits: isTrackLost },
    still,
  ),
  own('Empatica through a phone, jitter of 200 ms', wristband, still),
  own(
    'Empatica through a phone, jitter of 200 ms, an outage of 9 s',
    { ...wristband, outage_s: [80, 89] },
    { ...still, told: 0.96, staleWithin_s: 0.9 },
  ),
  own('Gaze in chunks of 1.5 s, an outage of 4 s', { ...gaze, outage_s: [80, 84] }, { ...still, told: 1 }),
  ours(
    'ECG, 1 kHz, sample by sample',
    { ...muse, sfreq: 1000, packet: 1, lateness: exponential(0.0005), stamping: 'each' },
    still,
  ),
  own('Heart rate, 1 Hz', { ...plain, sfreq: 1, packet: 1, lateness: uniform(0.1) }, still),
  own('Gaze in chunks of 1.5 s', gaze, still),
  own(
    'Clock stepped by -5 s',
    { ...muse, stamping: 'device', lateness: normal(0.001), clockStep: { at_s: STEP_AT_S, by_s: -5 } },
    stepped,
  ),
  ...steps.map(([name, by_s]) =>
    own(`Clock stepped by ${name}`, { ...wristband, clockStep: { at_s: STEP_AT_S, by_s } }, stepped),
  ),
  ...([['-5 s', -5], ...steps] as const).map(([name, by_s]) =>
    own(
      `Clock stepped by ${name}, gaze in chunks of 1.5 s`,
      { ...gaze, clockStep: { at_s: STEP_AT_S, by_s } },
      { ...stepped, resetWithin_s: 5.6, placed_s: 0.08, lostWindows: 0.03 },
    ),
  ),
  ...[30, -30].map((by_s) =>
    own(
      `One sample ${by_s > 0 ? '+' : ''}${by_s} s`,
      { ...muse, stamping: 'device', lateness: normal(0.001), outlier: { at_s: STEP_AT_S, by_s } },
      { ...still, falseGapsPerMinute: 0, outliers: 1, lostWindows: 0 },
    ),
  ),
  ...[50, -50, 500, -500].map((drift_ppm) =>
    own(
      `Drift of ${drift_ppm > 0 ? '+' : ''}${drift_ppm} ppm`,
      // Half of a ping's round trip: that the way there is another one than the way back is no drift.
      { ...plain, lateness: uniform(0.05), delay_s: 0.025, drift_ppm, duration_s: 400 },
      { ...still, placedAtLast_s: Math.abs(drift_ppm) === 50 ? 0.005 : 0.03 },
    ),
  ),
  own(
    'Late joiner, backlog of 30 s in one message',
    { ...plain, starts_s: 40, backlog: { span_s: 30, drain: 'one-message' } },
    { ...still, placedFromFirst_s: 0.05 },
  ),
  ...(
    [
      ['ten times', 10],
      ['four times', 4],
      ['twice', 2],
    ] as const
  ).map(([name, drain]) =>
    own(
      `Late joiner, backlog of 30 s drained at ${name} real time`,
      { ...plain, starts_s: 40, backlog: { span_s: 30, drain } },
      { ...still, placedFromFirst_s: 0.05 },
    ),
  ),
  own(
    'Congestion of 0.1 to 2 s for 30 s',
    { ...plain, congestion_s: [60, 90] },
    { ...still, falseGapsPerMinute: 0, lostWindows: 0.05 },
  ),
];
