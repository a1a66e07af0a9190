import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { Clock } from '../core/clock.js';
import type { EventSink } from '../core/event.js';
import { packageRoot } from '../core/package-root.js';
import type { Rescue } from '../daemon/last-resort.js';
import { shippedPipeline } from '../pipeline/file/shipped-pipelines.js';
import type { Disk } from '../recorder/disk/disk.js';
import { createLog, eventLog, type LogLevel } from '../telemetry/log.js';

/** What a command gets from the process that runs it. */
export interface CommandContext {
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly clock: Clock;
  /** Aborts when the person or the system asks the process to end, or nobody reads its output any more. */
  readonly signal: AbortSignal;
  /** Called if the process ends by a fault that nothing contained. */
  readonly rescues?: Set<Rescue>;
  /** What is recorded to. Default: the machine's. */
  readonly disk?: Disk;
}

export const version: string = (
  JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
).version;

export const defaultPipeline = shippedPipeline('default');

/** Warnings of one kind about one stream that are told one by one; the rest is counted. */
const TOLD_ONE_BY_ONE = 3;

/** Events of a command that works on files: warnings to stderr, one line each; the rest is left to `inspect`. */
export function warnings(context: CommandContext): EventSink {
  const told = new Map<string, number>();
  return (event) => {
    if (event.level !== 'warn' && event.level !== 'error') return;
    const kind = `${event.code} ${event.stream ?? ''}`;
    const count = (told.get(kind) ?? 0) + 1;
    told.set(kind, count);
    if (count <= TOLD_ONE_BY_ONE) note(context, `affectd: ${event.message}`);
    if (count === TOLD_ONE_BY_ONE) note(context, `affectd: more of these (${event.code}) are not shown`);
  };
}

/** Events of the daemon: its log. */
export function daemonLog(context: CommandContext, level: LogLevel): EventSink {
  return eventLog(createLog({ clock: context.clock, level, destination: context.stderr }));
}

export function note(context: CommandContext, text: string): void {
  context.stderr.write(`${text}\n`);
}
