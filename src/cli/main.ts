import { SystemClock } from '../core/clock.js';
import { runCli } from './run-cli.js';

// Help and versions are written by the command-line parser, which knows nothing of closed pipes.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.stderr.write(`affectd: stdout: can't be written (${error.code})\n`);
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // A second Ctrl-C means that the first one's orderly end takes too long for the person.
    if (signal === 'SIGINT' && interrupted.signal.aborted) process.exit(130);
    interrupted.abort(signal);
  });
}

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  clock: new SystemClock(),
  signal: interrupted.signal,
});

// The work is done and everything is written; a handle that somebody left open must not keep the process.
setTimeout(() => process.exit(), 2000).unref();
