import type { Seconds } from '../core/clock.js';
import { type ClockTrial, TICK_S, type TriedSample } from './clock-trial.js';

/** What a clock showed on one device. */
export interface ClockFigures {
  readonly falseGapsPerMinute: number;
  /** Places at which samples were lost, and those of them that were told as gaps. */
  readonly losses: number;
  readonly told: number;
  readonly outliers: number;
  /** When each reset was told, s. */
  readonly resets: readonly Seconds[];
  readonly ignored: number;
  /** Changes of the used rate, Hz. */
  readonly rates: readonly { readonly at_s: Seconds; readonly used_hz: number | null }[];
  /** Greatest |session stamp - true time| of samples that are neither predicted nor masked, from 30 s after the start on, s. */
  readonly worstPlace_s: Seconds;
  /** The same from the first sample on, s. */
  readonly worstFromFirst_s: Seconds;
  readonly masked: number;
  /** Median of the same over the last 30 s, s. */
  readonly lastPlace_s: Seconds;
  readonly staleOnsets: readonly Seconds[];
  /** Share of windows that closed without the stream, or hold a gap that is none. */
  readonly lostWindows: number;
}

const SETTLED_AFTER_S: Seconds = 30;
/** Windows: their length, hop, and how long they wait at most, s. */
const WINDOW_S: Seconds = 4;
const HOP_S: Seconds = 0.5;
const WAIT_S: Seconds = 2;
/** Streams below this rate are never waited for, Hz. */
const WAITED_FOR_HZ = 10;
const BEGINS_AFTER_S: Seconds = 8;
const TOLERANCE_S: Seconds = 0.02;

export function clockFigures(trial: ClockTrial): ClockFigures {
  const { samples, events, device } = trial;
  const starts_s = device.starts_s ?? 0;
  const minutes = (samples[samples.length - 1].sample.true_s - samples[0].sample.true_s) / 60;
  const falseGaps = samples.filter(({ isGap, sample }) => isGap && sample.lost === 0);
  const lossy = samples.slice(1).filter(({ sample }) => sample.lost > 0);
  const end_s = samples[samples.length - 1].sample.true_s;
  const errors = (from: Seconds): number[] =>
    samples
      .filter(({ sample, isPredicted, isMasked }) => sample.true_s > from && !isPredicted && !isMasked)
      .map(({ sample, time }) => time - sample.true_s);
  const late = errors(end_s - SETTLED_AFTER_S).sort((a, b) => a - b);
  const count = (code: string): number => events.filter((event) => event.code === code).length;
  return {
    falseGapsPerMinute: falseGaps.length / minutes,
    losses: lossy.length,
    told: lossy.filter(({ isGap }) => isGap).length,
    outliers: count('stamp-outlier'),
    resets: events.filter(({ code }) => code === 'clock-reset').map(({ arrival }) => arrival),
    ignored: count('stamps-ignored'),
    rates: events
      .filter(({ code }) => code === 'rate-differs')
      .map(({ arrival, details }) => ({ at_s: arrival, used_hz: details.used_hz as number | null })),
    worstPlace_s: greatest(errors(starts_s + SETTLED_AFTER_S)),
    worstFromFirst_s: greatest(errors(Number.NEGATIVE_INFINITY)),
    masked: samples.filter(({ isMasked }) => isMasked).length,
    lastPlace_s: late[late.length >> 1] ?? Number.NaN,
    staleOnsets: trial.staleOnsets,
    lostWindows: lostWindows(trial, falseGaps),
  };
}

function greatest(errors: readonly Seconds[]): Seconds {
  return errors.reduce((worst, error) => Math.max(worst, Math.abs(error)), 0);
}

/** Windows close when the stream has passed their end, or is stale, at most 2 s after it. */
function lostWindows({ device, samples, stale }: ClockTrial, falseGaps: readonly TriedSample[]): number {
  const { starts_s = 0, outage_s } = device;
  const period_s = 1 / device.sfreq;
  const end_s = samples[samples.length - 1].sample.true_s;
  let lost = 0;
  let total = 0;
  let next = 0;
  for (let time = Math.ceil(starts_s + BEGINS_AFTER_S); time < end_s - 3; time += HOP_S) {
    if (outage_s && time >= outage_s[0] && time < outage_s[1] + WINDOW_S) continue;
    total++;
    while (next < samples.length && !(samples[next].time + period_s >= time && !samples[next].isPredicted))
      next++;
    const reached_s = next < samples.length ? samples[next].given_s : Number.POSITIVE_INFINITY;
    const tick = Math.ceil(time / TICK_S);
    const staleAt = stale.indexOf(true, tick);
    const closes_s = Math.min(
      time + WAIT_S,
      staleAt < 0 || device.sfreq < WAITED_FOR_HZ ? Number.POSITIVE_INFINITY : staleAt * TICK_S,
    );
    const isBroken = falseGaps.some((gap) => gap.time < time && gap.time > time - WINDOW_S);
    if (reached_s > closes_s + TOLERANCE_S || isBroken) lost++;
  }
  return total === 0 ? 0 : lost / total;
}
