import { readFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import type { Clock } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';
import type { BackendChoice } from '../io/lsl/backend.js';
import type { ServerOptions, startServer } from '../io/server/server.js';
import type { SourceContext } from '../io/sources/source.js';
import type { EngineChoice } from '../model/engines/engine.js';
import type { Turns } from '../pipeline/run/turns.js';
import type { Disk } from '../recorder/disk/disk.js';
import type { SyncMode } from '../recorder/disk/synced-file.js';
import type { PartOptions } from '../recorder/parted-recording.js';
import type { LogLevel } from '../telemetry/log.js';
import type { Rescue } from './last-resort.js';

/** What the daemon needs of the process that it runs in. */
export interface DaemonContext {
  readonly stdout: Writable;
  readonly clock: Clock;
  /** Called if the process ends by a fault that nothing contained. */
  readonly rescues?: Set<Rescue>;
  /** Where sessions are recorded. Default: the machine's. */
  readonly disk?: Disk;
  /** What carries LSL. Default: the machine's network. */
  readonly lslNetwork?: SourceContext['lslNetwork'];
  /** Serves clients. Default: {@link startServer}. */
  readonly serve?: typeof startServer;
  /** Bounds the work of all sessions in one turn of the event loop. */
  readonly turns?: Turns;
  /** Gives names that nobody else has: of runs and recordings. Default: drawn. */
  readonly newName?: () => string;
}

/** What every command that starts the daemon lets people choose. */
export interface DaemonOptions extends PartOptions {
  readonly host: string;
  readonly port: number;
  readonly tokenFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly engine: EngineChoice;
  readonly logLevel: LogLevel;
  /** Folder in which every session is recorded. */
  readonly record?: string;
  /** Whether sessions are recorded there from where a call asks for it. Default: from their beginning. */
  readonly recordOnRequest?: boolean;
  /** When what is recorded is safe, and so acknowledged. Default `group`. */
  readonly sync?: SyncMode;
  /** LSL streams to take in: all, or those that fit a query. */
  readonly lsl?: string | true;
  readonly lslBackend?: BackendChoice;
  /** Whether simulated streams that ask for faults of the daemon get them. Default: they don't. */
  readonly obeyFaults?: boolean;
}

/** What the options say of the server; reads the files they name. */
export async function serverOptions(
  options: DaemonOptions,
): Promise<Pick<ServerOptions, 'host' | 'port' | 'token' | 'tls'>> {
  const { host, tokenFile, tlsCert, tlsKey } = options;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new ConfigurationError('tls-unusable', 'TLS needs both --tls-cert and --tls-key');
  }
  const token =
    tokenFile === undefined ? undefined : (await readOptionFile('--token-file', tokenFile)).trim();
  return {
    host,
    port: options.port,
    ...(token === undefined ? {} : { token }),
    ...(tlsCert !== undefined && tlsKey !== undefined
      ? {
          tls: {
            cert: await readOptionFile('--tls-cert', tlsCert),
            key: await readOptionFile('--tls-key', tlsKey),
          },
        }
      : {}),
  };
}

/** The text of a file that an option names. */
export async function readOptionFile(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ConfigurationError(
      'file-unreadable',
      `${option} ${path}: can't be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}
