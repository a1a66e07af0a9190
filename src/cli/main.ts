import { SystemClock } from '../core/clock.js';
import { runCli } from './run-cli.js';

const interrupted = new AbortController();
let signals = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    signals++;
    // A second signal means that the first one's orderly end takes too long for the person.
    if (signals > 1) process.exit(130);
    interrupted.abort(signal);
  });
}

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  clock: new SystemClock(),
  signal: interrupted.signal,
});
