import { lastResort, type Rescue, rescueAll } from '../daemon/last-resort.js';
import { hurryGates } from '../model/engines/native-gate.js';

/** What a command may take for its orderly end, recordings and open files included, ms; and native calls of threads, from the same moment on. */
const END_WITHIN_MS = 4500;
const CALL_WITHIN_MS = 4000;

const ending = new AbortController();
const rescues = new Set<Rescue>();
const fault = lastResort(rescues, process.stderr, (code) => process.exit(code));
process.on('uncaughtException', fault);
process.on('unhandledRejection', fault);
// A log that nobody reads is no reason to end.
process.stderr.on('error', () => {});

let isStarted = false;

/** Asks the command to end. Whatever it does then, the process ends soon after, with `code`. */
function end(reason: 'SIGINT' | 'SIGTERM' | 'EPIPE', code: number): void {
  if (!isStarted) process.exit(code);
  hurryGates(CALL_WITHIN_MS);
  ending.abort(reason);
  setTimeout(() => {
    rescueAll(rescues);
    process.exit(code);
  }, END_WITHIN_MS).unref();
}

process.on('SIGINT', () => {
  // A second Ctrl-C means that the first one's orderly end takes too long for the person.
  if (ending.signal.aborted) process.exit(130);
  end('SIGINT', 130);
});
process.on('SIGTERM', () => end('SIGTERM', 0));
// Help and versions are written by the command-line parser, which knows nothing of closed pipes.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') return end('EPIPE', 0);
  process.stderr.write(`affectd: stdout: can't be written (${code})\n`);
  process.exit(1);
});

// Loaded now that an interrupt is heard: commands take a while to load.
const { SystemClock } = await import('../core/clock.js');
const { runCli } = await import('./run-cli.js');
isStarted = true;
process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  clock: new SystemClock(),
  signal: ending.signal,
  rescues,
});

// The work is done and everything is written; a handle that somebody left open must not keep the process.
if (ending.signal.aborted) process.exit();
setTimeout(() => process.exit(), 2000).unref();
