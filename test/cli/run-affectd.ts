import { Writable } from 'node:stream';
import { runCli } from '../../src/cli/run-cli.js';
import { type Clock, SystemClock } from '../../src/core/clock.js';
import type { Disk } from '../../src/recorder/disk/disk.js';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

class Collector extends Writable {
  readonly chunks: Buffer[] = [];
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.chunks.push(Buffer.from(chunk));
    done();
  }
  get text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }
}

export interface RunOptions {
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  readonly disk?: Disk;
  /** Sees stdout as it comes. */
  readonly onOutput?: (text: string) => void;
  /** Sees stderr as it comes. */
  readonly onLog?: (text: string) => void;
}

/** Runs a command line in this process, as `bin/affectd.js` would. */
export async function runAffectd(args: readonly string[], options: RunOptions = {}): Promise<CliResult> {
  const stdout = new Collector();
  const stderr = new Collector();
  for (const [collector, listener] of [
    [stdout, options.onOutput],
    [stderr, options.onLog],
  ] as const) {
    if (!listener) continue;
    const write = collector._write.bind(collector);
    collector._write = (chunk, encoding, done) => {
      write(chunk, encoding, done);
      listener(collector.text);
    };
  }
  const code = await runCli(args, {
    stdout,
    stderr,
    clock: options.clock ?? new SystemClock(),
    signal: options.signal ?? new AbortController().signal,
    ...(options.disk && { disk: options.disk }),
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
}
