import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BackendName } from '../io/lsl/backend.js';
import { findLiblsl } from '../io/lsl/native/liblsl.js';
import type { LslJob, LslReceived } from './lsl-process.js';

export interface LslBenchOptions {
  readonly seconds: number;
  readonly loads: readonly {
    readonly streams: number;
    readonly channels: number;
    readonly sfreq_hz: number;
  }[];
  /** The compiled party; default beside this file. */
  readonly party?: string;
}

export interface LslBenchRow extends LslReceived {
  readonly inlet: BackendName;
  readonly streams: number;
  readonly channels: number;
  readonly sfreq_hz: number;
}

export interface LslBenchResult {
  readonly bench: 'lsl';
  readonly seconds: number;
  /** What the outlets run on: liblsl where it is there. */
  readonly outlet: BackendName;
  /** Push to callback; a receiver's own share of one core. Empty of native rows where liblsl lacks. */
  readonly rows: readonly LslBenchRow[];
  /** Why there are no native rows. */
  readonly native_missing: string | null;
}

const standard: LslBenchOptions = {
  seconds: 60,
  loads: [
    { streams: 1, channels: 62, sfreq_hz: 1000 },
    { streams: 10, channels: 32, sfreq_hz: 250 },
  ],
};

/** Ports of the benchmark's own: it hears no stream of the laboratory, and sends nothing into it. */
const CONFIG = `[ports]
MulticastPort = 17900
BasePort = 17901
PortRange = 64
IPv6 = disable
[multicast]
ResolveScope = machine
[lab]
KnownPeers = {127.0.0.1}
`;

/** Both backends' inlets on the same outlet at the same time, each party in a process of its own. */
export async function benchLsl(options: LslBenchOptions = standard): Promise<LslBenchResult> {
  const found = findLiblsl();
  const native = 'path' in found;
  const folder = await mkdtemp(join(tmpdir(), 'affectd-bench-lsl-'));
  try {
    await writeFile(join(folder, 'lsl_api.cfg'), CONFIG);
    const rows: LslBenchRow[] = [];
    for (const [k, load] of options.loads.entries())
      rows.push(...(await run(options, load, `bench${process.pid}-${k}`, native, folder)));
    return {
      bench: 'lsl',
      seconds: options.seconds,
      outlet: native ? 'native' : 'typescript',
      rows,
      native_missing: native ? null : found.reason,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(
  options: LslBenchOptions,
  load: LslBenchOptions['loads'][number],
  prefix: string,
  native: boolean,
  folder: string,
): Promise<LslBenchRow[]> {
  const { seconds, party = fileURLToPath(new URL('./lsl-process.js', import.meta.url)) } = options;
  const parties: Party[] = [];
  const start = (role: LslJob['role'], backend: BackendName): Party => {
    const created = new Party(party, { role, backend, prefix, seconds, ...load }, folder);
    parties.push(created);
    return created;
  };
  try {
    const sender = start('send', native ? 'native' : 'typescript');
    await sender.next();
    const backends: readonly BackendName[] = native ? ['typescript', 'native'] : ['typescript'];
    const receivers = backends.map((backend) => start('receive', backend));
    await Promise.all(receivers.map((receiver) => receiver.next()));
    sender.go();
    await sender.next();
    for (const receiver of receivers) receiver.go();
    const results = await Promise.all(receivers.map((receiver) => receiver.next()));
    return results.map((result, i) => ({ inlet: backends[i], ...load, ...(result as LslReceived) }));
  } finally {
    for (const { process } of parties) process.kill('SIGKILL');
  }
}

/** A process of the benchmark. */
class Party {
  readonly process: ChildProcess;
  readonly #messages: unknown[] = [];
  #waiting: { resolve: (message: unknown) => void; reject: (error: Error) => void } | null = null;

  constructor(path: string, job: LslJob, folder: string) {
    this.process = fork(path, [JSON.stringify(job)], {
      cwd: folder,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // Each waiting pull of liblsl's takes a thread.
      env: { ...process.env, LSLAPICFG: join(folder, 'lsl_api.cfg'), UV_THREADPOOL_SIZE: '32' },
    });
    this.process.on('message', (message) => this.#take(message));
    this.process.on('exit', () => this.#take({ failure: `a ${job.backend} ${job.role}r ended` }));
  }

  next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.#messages.length > 0) this.#take(this.#messages.shift());
    });
  }

  go(): void {
    this.process.send('go');
  }

  #take(message: unknown): void {
    const waiting = this.#waiting;
    if (!waiting) {
      this.#messages.push(message);
      return;
    }
    this.#waiting = null;
    const failure = (message as { failure?: string }).failure;
    if (failure) waiting.reject(new Error(`bench lsl: ${failure}`));
    else waiting.resolve(message);
  }
}
