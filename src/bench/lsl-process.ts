import { SystemClock } from '../core/clock.js';
import { type BackendName, chooseBackend, type StreamInlet } from '../io/lsl/backend.js';
import { loadConfig } from '../io/lsl/config.js';
import { loadLiblsl } from '../io/lsl/native/liblsl.js';
import type { LslContext } from '../io/lsl/network.js';
import { Outlet } from '../io/lsl/outlet.js';
import { resolveStreams } from '../io/lsl/resolver.js';

/*
 * One party of the benchmark `lsl`, in a process of its own, so that its CPU time is its own too. Started by lsl.ts with
 * the job as JSON; its working directory holds the lsl_api.cfg that keeps both backends on this machine.
 */
export interface LslJob {
  readonly role: 'send' | 'receive';
  readonly backend: BackendName;
  readonly prefix: string;
  readonly streams: number;
  readonly channels: number;
  readonly sfreq_hz: number;
  readonly seconds: number;
}

export interface LslReceived {
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly cpu_percent: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly samples: number;
}

/** Time between pushes, s. */
const PUSH_S = 0.004;

const clock = new SystemClock();
const context: LslContext = { clock, config: loadConfig(), events: () => {} };
const seconds = (span_s: number): Promise<void> => new Promise((resolve) => clock.after(span_s, resolve));

type Push = (values: Float32Array, times: Float64Array) => void;

async function openOutlets(job: LslJob): Promise<Push[]> {
  const liblsl = job.backend === 'native' ? loadLiblsl() : null;
  const pushes: Push[] = [];
  for (let k = 0; k < job.streams; k++) {
    const stream = {
      name: `bench ${k}`,
      type: 'EEG',
      channelCount: job.channels,
      nominalRate_hz: job.sfreq_hz,
      sourceId: `${job.prefix}-${k}`,
    };
    if (liblsl && 'createOutlet' in liblsl) {
      const outlet = liblsl.createOutlet(stream);
      pushes.push((values, times) => liblsl.pushFloats(outlet, values, times));
    } else {
      const outlet = await Outlet.create(context, stream);
      pushes.push((values, times) => outlet.push(values, times));
    }
  }
  return pushes;
}

/** Pushes in real time; the first channel counts samples, the stamp is the moment of the push. */
async function sendSamples(job: LslJob): Promise<void> {
  const pushes = await openOutlets(job);
  process.send?.('ready');
  await new Promise((resolve) => process.once('message', resolve));
  const total = job.seconds * job.sfreq_hz;
  const start = clock.now();
  let sent = 0;
  await new Promise<void>((resolve) => {
    const timer = clock.every(PUSH_S, () => {
      const due = Math.min(total, Math.floor((clock.now() - start) * job.sfreq_hz));
      const n = due - sent;
      if (n > 0)
        for (const push of pushes) {
          const values = new Float32Array(n * job.channels);
          for (let i = 0; i < n; i++) values[i * job.channels] = sent + i;
          push(values, new Float64Array(n).fill(clock.now()));
        }
      sent = due;
      if (sent < total) return;
      timer.cancel();
      resolve();
    });
  });
  // Whatever is on its way arrives.
  await seconds(1);
  process.send?.('sent');
}

async function receiveSamples(job: LslJob): Promise<void> {
  const backend = chooseBackend(job.backend);
  const query = `starts-with(source_id,'${job.prefix}-')`;
  const infos = await resolveStreams(context, { query, minimum: job.streams, timeout_s: 20 });
  const total = job.seconds * job.sfreq_hz;
  const latencies: number[] = [];
  let lost = 0;
  let duplicated = 0;
  const inlets: StreamInlet[] = [];
  const counts = infos.map((info) => {
    const state = { next: 0 };
    inlets.push(
      backend.inlet(context, info, {
        samples: ({ times, values }) => {
          const now = clock.now();
          for (let i = 0; i < times.length; i++) {
            latencies.push(now - times[i]);
            const index = Number(values[i * job.channels]);
            if (index < state.next) duplicated++;
            else {
              lost += index - state.next;
              state.next = index + 1;
            }
          }
        },
      }),
    );
    return state;
  });
  for (const inlet of inlets) await inlet.open();
  await seconds(0.5);
  const before = process.cpuUsage();
  const start = clock.now();
  process.send?.('ready');
  await new Promise((resolve) => process.once('message', resolve));
  const used = process.cpuUsage(before);
  const elapsed_s = clock.now() - start;
  for (const { next } of counts) lost += total - next;
  latencies.sort((a, b) => a - b);
  const quantile = (q: number): number => 1000 * latencies[Math.floor(q * (latencies.length - 1))];
  const result: LslReceived = {
    p50_ms: quantile(0.5),
    p99_ms: quantile(0.99),
    cpu_percent: (used.user + used.system) / 1e4 / elapsed_s,
    lost,
    duplicated,
    samples: latencies.length,
  };
  process.send?.(result);
}

const job = JSON.parse(process.argv[2] ?? 'null') as LslJob | null;
if (job) {
  // Handles of liblsl end with the process: taking an inlet apart takes half a second each.
  (job.role === 'send' ? sendSamples(job) : receiveSamples(job)).then(
    () => {},
    (error: unknown) => {
      process.send?.({ failure: String(error) });
    },
  );
}
