import { randomInt } from 'node:crypto';
import type { Seconds, Timer } from '../../core/clock.js';
import { SleepMeter } from '../../signal/timebase/sleep-meter.js';
import { carrierOf, close, type LslContext, send } from './network.js';
import type { LslStreamInfo } from './stream-info.js';
import { stamp } from './udp-service.js';

/** One measurement of an outlet's clock: at `time` on it, this machine's clock = it + `offset`. */
export interface ClockMeasurement {
  readonly time: Seconds;
  readonly offset: Seconds;
  /** Round trip of the fastest probe: the error is at most half of it. */
  readonly uncertainty: Seconds;
}

/** How questions get to the outlet and answers back. */
export interface ProbeTransport {
  send(question: string): void;
  /** Called once; `answer` gets every datagram's text. */
  listen(answer: (text: string) => void): void;
  close(): void;
}

/**
 * Measures an outlet's clock until closed, as liblsl does: every two seconds a wave of probes, of which the one with the
 * shortest round trip counts (the clock filter of NTP, RFC 5905, section 10).
 */
export class TimeCorrection {
  readonly #context: Pick<LslContext, 'clock' | 'config'>;
  readonly #transport: ProbeTransport;
  readonly #measured: (measurement: ClockMeasurement) => void;
  readonly #timers = new Set<Timer>();
  #wave = 0;
  #began: Seconds = 0;
  readonly #sleep: SleepMeter;
  /** What the machine had slept when the wave began. */
  #slept_s: Seconds = 0;
  #answers: { rtt: Seconds; offset: Seconds; time: Seconds }[] = [];

  constructor(
    context: Pick<LslContext, 'clock' | 'config'>,
    transport: ProbeTransport,
    measured: (measurement: ClockMeasurement) => void,
  ) {
    this.#context = context;
    this.#sleep = new SleepMeter(context.clock);
    this.#transport = transport;
    this.#measured = measured;
    transport.listen((text) => this.#answered(text));
    this.#timers.add(context.clock.every(context.config.timeUpdateInterval_s, () => this.#start()));
    this.#start();
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#transport.close();
  }

  #start(): void {
    const { timeProbeCount, timeProbeInterval_s, timeProbeMaxRtt_s } = this.#context.config;
    this.#wave = randomInt(1, 2 ** 31 - 1);
    this.#answers = [];
    this.#began = this.#context.clock.now();
    this.#sleep.look();
    this.#slept_s = this.#sleep.slept_s;
    this.#probe();
    for (let k = 1; k < timeProbeCount; k++) this.#after(k * timeProbeInterval_s, () => this.#probe());
    this.#after(timeProbeCount * timeProbeInterval_s + timeProbeMaxRtt_s, () => this.#conclude());
  }

  #after(delay_s: Seconds, action: () => void): void {
    const timer = this.#context.clock.after(delay_s, () => {
      this.#timers.delete(timer);
      action();
    });
    this.#timers.add(timer);
  }

  #probe(): void {
    this.#transport.send(`LSL:timedata\r\n${this.#wave} ${stamp(this.#context.clock.now())}\r\n`);
  }

  #answered(text: string): void {
    const t3 = this.#context.clock.now();
    const [wave, t0, t1, t2] = text.trim().split(/\s+/, 4).map(Number);
    if (wave !== this.#wave) return;
    const rtt = t3 - t0 - (t2 - t1);
    // A peer that repeats other times than those that it was sent is not measured.
    if (!(t0 >= this.#began - 1e-3 && t0 <= t3 && Number.isFinite(rtt) && rtt > -1e-3)) return;
    if (this.#answers.length >= this.#context.config.timeProbeCount) return;
    this.#answers.push({ rtt: Math.max(0, rtt), offset: (t0 - t1 + (t3 - t2)) / 2, time: (t1 + t2) / 2 });
  }

  #conclude(): void {
    this.#sleep.look();
    // Between its clock and ours lies something else from here on, if ours stood still.
    if (this.#sleep.slept_s > this.#slept_s) return;
    if (this.#answers.length < this.#context.config.timeUpdateMinProbes) return;
    const best = this.#answers.reduce((a, b) => (b.rtt < a.rtt ? b : a));
    this.#measured({ time: best.time, offset: best.offset, uncertainty: best.rtt });
  }
}

/** Probes over UDP to the outlet's service port; null if it has none that can be reached. */
export async function udpProbes(context: LslContext, info: LslStreamInfo): Promise<ProbeTransport | null> {
  const family = info.v4.address !== '' && info.v4.servicePort > 0 ? 4 : 6;
  const { address, servicePort } = family === 4 ? info.v4 : info.v6;
  if (address === '' || servicePort === 0) return null;
  let answer: (text: string) => void = () => {};
  const socket = await carrierOf(context).bind({ family, port: 0 }, (bytes, from) => {
    if (from.port === servicePort && bytes.length < 256) answer(bytes.toString('latin1'));
  });
  return {
    send: (question) => send(socket, question, servicePort, address),
    listen: (listener) => {
      answer = listener;
    },
    close: () => close(socket),
  };
}
