import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_HOST, DEFAULT_PORT } from '../../io/server/server.js';
import { type EngineChoice, engineNames } from '../../model/engines/engine.js';
import { logLevels } from '../../telemetry/log.js';
import { port } from '../command.js';

/** Options of every command that starts the daemon. */
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
