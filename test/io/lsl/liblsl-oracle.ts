import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SystemClock } from '../../../src/core/clock.js';
import type { SessionEvent } from '../../../src/core/event.js';
import type { ChannelFormat, NumericValues } from '../../../src/io/lsl/channel-format.js';
import { type LslConfig, parseConfig } from '../../../src/io/lsl/config.js';
import { type LslContext, loopbackInterfaces } from '../../../src/io/lsl/network.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';

const require = createRequire(import.meta.url);

function libraryPath(): string | null {
  if (process.env.LSL_LIB) return process.env.LSL_LIB;
  try {
    require.resolve('koffi');
    const folder = join(dirname(require.resolve('lsl.js/package.json')), 'prebuilt');
    const file = { linux: 'liblsl64.so', win32: 'liblsl64.dll', darwin: 'liblslarm.dylib' }[
      process.platform as string
    ];
    const path = file && process.arch !== 'ia32' ? join(folder, file) : null;
    const usable = process.platform !== 'linux' || process.arch === 'x64';
    return path && usable && existsSync(path) ? path : null;
  } catch {
    return null;
  }
}

/** liblsl of `lsl.js`, or of `LSL_LIB`; null where it can't run. */
export const liblsl = libraryPath();

/** Settings that keep discovery on this machine and apart from other tests: each file takes ports of its own (own-ports.ts). */
export function configText(firstPort: number): string {
  return [
    '[ports]',
    `MulticastPort = ${firstPort}`,
    `BasePort = ${firstPort + 1}`,
    'PortRange = 32',
    'IPv6 = disable',
    '[multicast]',
    'ResolveScope = machine',
    '[lab]',
    'KnownPeers = {127.0.0.1}',
    '',
  ].join('\n');
}

export interface TestNetwork {
  readonly context: LslContext;
  readonly events: SessionEvent[];
  /** Resolves with the next event of that code, or one that came already. */
  event(code: SessionEvent['code'], fits?: (event: SessionEvent) => boolean): Promise<SessionEvent>;
}

/** Only loopback addresses, and ports that no other test file uses. */
export function testNetwork(firstPort: number, changes: Partial<LslConfig> = {}): TestNetwork {
  const events: SessionEvent[] = [];
  const waiting = new Set<() => void>();
  const config = { ...parseConfig(configText(firstPort), 'test'), ...changes };
  return {
    events,
    context: {
      clock: new SystemClock(),
      config,
      interfaces: loopbackInterfaces,
      events: (event) => {
        events.push(event);
        for (const look of [...waiting]) look();
      },
    },
    event: (code, fits = () => true) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = events.find((event) => event.code === code && fits(event));
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

export interface OracleStream {
  readonly name: string;
  readonly type: string;
  readonly channels: number;
  readonly format: ChannelFormat;
  readonly rate: number;
  readonly sourceId: string;
  readonly labels?: readonly string[];
}

export interface OracleBatch {
  readonly values: NumericValues | string[];
  readonly times: Float64Array;
  readonly error: number;
}

interface Answer {
  readonly call: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** The real liblsl in a process of its own, so that killing it, or its crash, leaves the test alone. */
export class LiblslOracle {
  readonly #process: ChildProcess;
  readonly #calls = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #next = 0;

  constructor(firstPort: number) {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'lsl_api.cfg'), configText(firstPort));
    this.#process = fork(join(import.meta.dirname, 'liblsl-peer.mjs'), [liblsl!], {
      cwd: folder,
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', process.env.LSL_DEBUG ? 'inherit' : 'ignore', 'ipc'],
      env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
    });
    this.#process.on('message', ({ call, result, error }: Answer) => {
      const waiting = this.#calls.get(call);
      this.#calls.delete(call);
      if (error === undefined) waiting?.resolve(result as never);
      else waiting?.reject(new Error(error));
    });
    this.#process.on('exit', () => {
      for (const { reject } of this.#calls.values()) reject(new Error('the process of liblsl ended'));
      this.#calls.clear();
    });
  }

  #call<T>(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<T> {
    const call = ++this.#next;
    return new Promise<T>((resolve, reject) => {
      this.#calls.set(call, { resolve, reject });
      this.#process.send({ call, method, params });
    });
  }

  info = () => this.#call<{ version: number; clock: number }>('info');
  createOutlet = (stream: OracleStream) => this.#call<number>('createOutlet', { ...stream });
  waitForConsumers = (id: number, timeout_s = 10) =>
    this.#call<boolean>('waitForConsumers', { id, timeout_s });
  push = (id: number, values: NumericValues | string[], times: Float64Array | number) =>
    this.#call<void>('push', { id, values, times });
  destroyOutlet = (id: number) => this.#call<void>('destroyOutlet', { id });
  openInlet = (query: string, timeout_s = 10) =>
    this.#call<{ id: number; xml: string } | null>('openInlet', { query, timeout_s });
  pull = (id: number, stream: OracleStream, samples: number, timeout_s = 10) =>
    this.#call<OracleBatch>('pull', {
      id,
      format: stream.format,
      channels: stream.channels,
      samples,
      timeout_s,
    });
  timeCorrection = (id: number, timeout_s = 10) =>
    this.#call<{ offset: number; error: number }>('timeCorrection', { id, timeout_s });
  /** Takes half a second; nobody needs to wait for it. */
  destroyInlet = (id: number): void => {
    this.#call<void>('destroyInlet', { id }).catch(() => {});
  };

  /** Ends the process at once, as a crash or a switched-off computer would. */
  kill(): Promise<void> {
    return new Promise((resolve) => {
      this.#process.once('exit', () => resolve());
      this.#process.kill('SIGKILL');
    });
  }
}
