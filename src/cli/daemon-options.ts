import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ConfigurationError } from '../core/errors.js';
import { type EngineChoice, engineNames } from '../engines/engine.js';
import type { BackendChoice } from '../lsl/backend.js';
import { DEFAULT_HOST, DEFAULT_PORT, type ServerOptions } from '../server/server.js';
import { type LogLevel, logLevels } from '../telemetry/log.js';
import { port } from './command.js';

export { DEFAULT_PORT };

/** Options of every command that starts the daemon. */
export interface DaemonOptions {
  readonly host: string;
  readonly port: number;
  readonly tokenFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly engine: EngineChoice;
  readonly logLevel: LogLevel;
  /** Folder in which every session is recorded. */
  readonly record?: string;
  /** LSL streams to take in: all, or those that fit a query. */
  readonly lsl?: string | true;
  readonly lslBackend?: BackendChoice;
}

export function addDaemonOptions(command: Command): Command {
  return command
    .option('--host <address>', 'address to listen on; others than this machine need a token', DEFAULT_HOST)
    .option('--port <port>', 'port to listen on; 0 takes a free one', port, DEFAULT_PORT)
    .option('--token-file <file>', 'file with the token that clients must send')
    .option('--tls-cert <file>', 'PEM certificate; with --tls-key the daemon speaks TLS')
    .option('--tls-key <file>', 'PEM private key')
    .addOption(engineOption())
    .addOption(
      new Option('--log-level <level>', 'what is logged to stderr').choices([...logLevels]).default('info'),
    );
}

function engineOption(): Option {
  return new Option('--engine <name>', 'what executes the model')
    .argParser((name: string): EngineChoice => {
      const engine = (['auto', ...engineNames] as const).find((known) => known === name);
      if (!engine) throw new InvalidArgumentError(`It must be auto, ${engineNames.join(', ')}.`);
      return engine;
    })
    .default('auto');
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
