import type { Seconds } from '../core/clock.js';
import { Random } from '../core/random.js';

/** How late a packet comes, beyond the way that all take. */
export type Lateness =
  | { readonly kind: 'none' }
  /** Normal, of this standard deviation, s. */
  | { readonly kind: 'normal'; readonly sd_s: Seconds }
  | { readonly kind: 'uniform'; readonly up_to_s: Seconds }
  | { readonly kind: 'exponential'; readonly mean_s: Seconds }
  /** A radio that sends on a grid of 15 ms and repeats 5 % of packets. */
  | { readonly kind: 'ble' };

/** Who stamps, and when. */
export type Stamping =
  /** The device, when it samples. */
  | 'device'
  /** The device, with jitter of the lateness' kind on every stamp; nothing comes late. */
  | 'device-jittered'
  /** The receiving program: a packet's last sample gets its arrival, the others are deduced from the declared rate. */
  | 'arrival'
  /** The receiving program: each sample as it is handed on. */
  | 'each'
  /** The device stamps the first sample of a packet; the rest is deduced from the declared rate. */
  | 'first';

/** A device and its way to us. */
export interface SimulatedDevice {
  /** True rate, Hz. */
  readonly sfreq: number;
  /** Rate that the device declares, Hz; default: the true one. */
  readonly declared?: number;
  /** Samples a packet. */
  readonly packet: number;
  readonly lateness: Lateness;
  readonly stamping: Stamping;
  /** How long the run lasts, s. */
  readonly duration_s: Seconds;
  /** From here on samples are delivered, s. */
  readonly starts_s?: Seconds;
  /** Samples of so long before the start come first, in one message or at so many times real time, with what is measured meanwhile. */
  readonly backlog?: { readonly span_s: Seconds; readonly drain: 'one-message' | number };
  /** Least way, s. */
  readonly delay_s?: Seconds;
  /** Sender's clock minus ours, s. */
  readonly skew_s?: Seconds;
  readonly drift_ppm?: number;
  /** Share of packets, or of samples, that are lost. */
  readonly lost_packets?: number;
  readonly lost_samples?: number;
  /** Nothing is delivered from here to there, s. */
  readonly outage_s?: readonly [from: Seconds, to: Seconds];
  /** The sender's clock steps at a time by so much, s. */
  readonly clockStep?: { readonly at_s: Seconds; readonly by_s: Seconds };
  /** One stamp is off by so much, s. */
  readonly outlier?: { readonly at_s: Seconds; readonly by_s: Seconds };
  /** Packets take up to 2 s longer from here to there, s. */
  readonly congestion_s?: readonly [from: Seconds, to: Seconds];
  /** Rows that the device leaves out. */
  readonly omits?: (time: Seconds) => boolean;
}

/** One sample as it came. */
export interface SimulatedSample {
  /** When it was taken, on our clock, s. */
  readonly true_s: Seconds;
  readonly arrival: Seconds;
  /** The sender's stamp, s. */
  readonly stamp: Seconds;
  /** Samples that are missing before it. */
  readonly lost: number;
  /** Number of the message that it came in. */
  readonly message: number;
}

const DEFAULT_DELAY_S: Seconds = 0.03;
const DEFAULT_SKEW_S: Seconds = 3;
const BLE_GRID_S: Seconds = 0.015;
const BLE_RESENT = 0.05;
/** Between samples that are handed on one by one, s. */
const HANDED_ON_S: Seconds = 1e-4;
const CONGESTION_S = [0.1, 2] as const;

/** All samples of a device that arrive, in order. The same seed gives the same. */
export function simulatedArrivals(device: SimulatedDevice, seed: number): SimulatedSample[] {
  const { sfreq, packet, lateness, stamping, duration_s, starts_s = 0, backlog } = device;
  const { delay_s = DEFAULT_DELAY_S, declared = sfreq } = device;
  const random = new Random(seed, 'arrivals');
  const samples: SimulatedSample[] = [];
  const begin_s = starts_s - (backlog?.span_s ?? 0);
  const count = Math.floor((duration_s - begin_s) * sfreq);
  // Normal lateness is never early: its zero lies two spreads behind the way that all take.
  const base_s =
    delay_s + (lateness.kind === 'normal' && stamping !== 'device-jittered' ? 2 * lateness.sd_s : 0);
  let last = Number.NEGATIVE_INFINITY;
  let lost = 0;
  let message = 0;
  for (let i = 0; i + packet <= count; i += packet) {
    const times = Array.from({ length: packet }, (_, k) => begin_s + (i + k) / sfreq + 1e-3);
    const end = times[packet - 1];
    let arrival = end + base_s + (stamping === 'device-jittered' ? 0 : drawLateness(random, lateness, end));
    if (within(end, device.congestion_s)) arrival += random.between(CONGESTION_S[0], CONGESTION_S[1]);
    arrival = Math.max(arrival, last, starts_s + delay_s);
    if (backlog && backlog.drain !== 'one-message')
      arrival = Math.max(arrival, starts_s + delay_s + (end - begin_s) / backlog.drain);
    else if (backlog && end < starts_s) arrival = starts_s + delay_s;
    if (within(end, device.outage_s) || random.uniform() < (device.lost_packets ?? 0)) {
      lost += packet;
      continue;
    }
    last = arrival;
    for (const [k, true_s] of times.entries()) {
      let stamp = {
        device: true_s,
        'device-jittered':
          true_s + (stamping === 'device-jittered' ? drawLateness(random, lateness, true_s) : 0),
        arrival: arrival - (packet - 1 - k) / declared,
        each: arrival + k * HANDED_ON_S,
        first: times[0] + k / declared,
      }[stamping];
      stamp = stamp * (1 + (device.drift_ppm ?? 0) * 1e-6) + (device.skew_s ?? DEFAULT_SKEW_S);
      if (device.clockStep && true_s >= device.clockStep.at_s) stamp += device.clockStep.by_s;
      if (random.uniform() < (device.lost_samples ?? 0) || device.omits?.(true_s)) {
        lost++;
        continue;
      }
      if (
        device.outlier &&
        true_s >= device.outlier.at_s &&
        (samples.at(-1)?.true_s ?? 0) < device.outlier.at_s
      )
        stamp += device.outlier.by_s;
      samples.push({ true_s, arrival, stamp, lost, message });
      lost = 0;
    }
    message++;
  }
  return samples;
}

function within(time: Seconds, span: readonly [Seconds, Seconds] | undefined): boolean {
  return span !== undefined && time >= span[0] && time < span[1];
}

function drawLateness(random: Random, lateness: Lateness, time: Seconds): Seconds {
  switch (lateness.kind) {
    case 'none':
      return 0;
    case 'normal':
      return lateness.sd_s * random.gaussian();
    case 'uniform':
      return lateness.up_to_s * random.uniform();
    case 'exponential':
      return random.exponential(lateness.mean_s);
    case 'ble': {
      let late = Math.ceil(time / BLE_GRID_S) * BLE_GRID_S - time;
      while (random.uniform() < BLE_RESENT) late += BLE_GRID_S;
      return late;
    }
  }
}
