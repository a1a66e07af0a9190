import { randomUUID } from 'node:crypto';
import { existsSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { basename, dirname, extname } from 'node:path';
import { doneWithin } from '../core/done-within.js';
import { AffectdError, ConfigurationError } from '../core/errors.js';
import { untilAborted } from '../daemon/daemon.js';
import { readOptionFile } from '../daemon/daemon-settings.js';
import { compileQuery, type Query } from '../io/lsl/query.js';
import { createStreamInfo, infoElement } from '../io/lsl/stream-info.js';
import { DEFAULT_PORT } from '../io/server/server.js';
import { DaemonRecorder } from '../recorder/daemon-recorder.js';
import { DiskWatch } from '../recorder/disk/disk-watch.js';
import type { SyncMode } from '../recorder/disk/synced-file.js';
import { systemDisk } from '../recorder/disk/system-disk.js';
import { describeRecorded, LiveRecording, type RecordedReport } from '../recorder/live-recording.js';
import { LslRecorder } from '../recorder/lsl-recorder.js';
import { type PartOptions, partLimits } from '../recorder/parted-recording.js';
import { type CommandContext, note } from './context.js';
import { lslNetwork } from './lsl-network.js';
import { openOutput, unwritable } from './output.js';

export interface RecordOptions extends PartOptions {
  readonly remoteControl?: number | true;
  readonly out?: string;
  readonly select: string;
  readonly duration?: number;
  readonly url?: string;
  readonly tokenFile?: string;
  readonly repair?: string;
  readonly json?: boolean;
  readonly sync: SyncMode;
}

interface EndedReport extends RecordedReport {
  /** Whether the disk took what it was given, or said that it doesn't. */
  readonly isWhole: boolean;
}

/** A recording that has begun. */
export interface Begun {
  readonly path: string;
  /** Rejects where a daemon that was asked for can't be had. */
  readonly isReached: Promise<never>;
  /** Lets go of the streams, and writes the footers. */
  readonly end: () => Promise<EndedReport>;
}

/** What of the 5 s that a process has to end the disk has to take the last samples, s. */
const CLOSES_WITHIN_S = 4;

/** The daemon whose streams are recorded where nothing else is said. */
export const DEFAULT_URL = `ws://127.0.0.1:${DEFAULT_PORT}`;

/** Resolves when a recording is to end: after its time, or when the process is asked to. */
export function untilOver({ signal, clock }: CommandContext, { duration }: RecordOptions): Promise<void> {
  if (duration === undefined) return untilAborted(signal);
  return Promise.race([untilAborted(signal), new Promise<void>((resolve) => clock.after(duration, resolve))]);
}

/** Begins to record to `path`, unless that can't be written: then it says so before anything comes. */
export async function begin(context: CommandContext, options: RecordOptions, path: string): Promise<Begun> {
  const { clock, disk = systemDisk } = context;
  const { select, url = DEFAULT_URL, tokenFile, sync } = options;
  const query = queryOf(select);
  const network = lslNetwork(context);
  const token =
    tokenFile === undefined ? undefined : (await readOptionFile('--token-file', tokenFile)).trim();
  const tell = teller(context);
  requireFile(path);
  const watch = new DiskWatch(dirname(path), {
    ...{ disk, clock, newName: randomUUID },
    low: (_, message) => tell(`WARNING: ${message}`),
  });
  try {
    await watch.check();
  } catch (error) {
    watch.close();
    const { code } = error as NodeJS.ErrnoException;
    throw unwritable(path, `cannot be written (${code}); choose another place`);
  }
  keepOld(context, path);
  const recording = new LiveRecording({ clock, path, tell, disk, sync, limits: partLimits(options) });
  const rescue = (): void => recording.rescue();
  context.rescues?.add(rescue);
  const lsl = new LslRecorder(network, select, recording, tell);
  const daemon = new DaemonRecorder(recording, {
    ...{ clock, url, tell },
    ...(token === undefined ? {} : { token }),
    wanted: (stream) =>
      query(infoElement(createStreamInfo(stream, { createdAt: 0, sessionId: 'default' }), 'full')),
  });
  const end = async (): Promise<EndedReport> => {
    lsl.close();
    daemon.close();
    watch.close();
    const isWhole = await doneWithin(clock, CLOSES_WITHIN_S, recording.close());
    if (isWhole) context.rescues?.delete(rescue);
    return { ...recording.report(), isWhole };
  };
  return { path, isReached: reach(context, daemon, url, options.url !== undefined), end };
}

export function teller(context: CommandContext): (line: string) => void {
  return (line) => note(context, `affectd: ${line}`);
}

export async function print(context: CommandContext, report: object): Promise<void> {
  await openOutput('-', context.stdout).write(`${JSON.stringify(report)}\n`);
}

/** Never ends well, for a recording goes on; ends with an error where a daemon that was asked for can't be had. */
async function reach(
  context: CommandContext,
  daemon: DaemonRecorder,
  url: string,
  isAskedFor: boolean,
): Promise<never> {
  try {
    if (!(await daemon.reach()) && isAskedFor)
      throw new AffectdError(
        'daemon-unreachable',
        `no daemon answers at ${url}; start one with affectd run, or leave --url out`,
      );
  } catch (error) {
    if (isAskedFor) throw error;
    note(context, `affectd: WARNING: ${(error as Error).message}; its streams are not recorded`);
  }
  return new Promise<never>(() => {});
}

function queryOf(select: string): Query {
  try {
    return compileQuery(select);
  } catch (error) {
    throw new ConfigurationError('lsl-query-unusable', `--select: ${(error as Error).message}`);
  }
}

/** What isn't there, or is a file. */
function requireFile(path: string): void {
  const existing = statSync(path, { throwIfNoEntry: false });
  if (existing && !existing.isFile())
    throw unwritable(path, existing.isDirectory() ? 'is a folder; name a file in it' : 'is no file');
}

/** A recording never takes another's place: as in LabRecorder, the one that is there gets another name. */
function keepOld(context: CommandContext, path: string): void {
  const existing = statSync(path, { throwIfNoEntry: false });
  if (!existing) return;
  if (existing.size === 0) {
    unlinkSync(path);
    return;
  }
  const extension = extname(path);
  const stem = path.slice(0, path.length - extension.length);
  let n = 1;
  while (existsSync(`${stem}_old${n}${extension}`)) n++;
  const kept = `${stem}_old${n}${extension}`;
  renameSync(path, kept);
  note(context, `affectd: ${path} was there already: it is ${kept} now`);
}

/** Ends a recording, and tells what it holds. */
export async function finish(
  context: CommandContext,
  { select, json }: RecordOptions,
  { path, end }: Begun,
  isReported: boolean,
): Promise<{ isKept: boolean; nothing: string | null }> {
  const tell = teller(context);
  const { streams, files, isWhole } = await end();
  for (const stream of streams) tell(`  ${describeRecorded(stream)}`);
  const sum = (of: 'samples' | 'lost'): number => streams.reduce((all, stream) => all + stream[of], 0);
  const [samples, lost] = [sum('samples'), sum('lost')];
  if (samples + lost === 0) {
    const fitting = select === '' ? '' : ` that fits ${select}`;
    const nothing =
      streams.length === 0
        ? `no LSL stream${fitting} was found, and no daemon sends one; see affectd streams`
        : `none of ${streams.length} streams sent a single sample: nothing was recorded; are the devices on, and worn?`;
    return { isKept: true, nothing };
  }
  const [first = path, ...parts] = files;
  const further = parts.length === 0 ? '' : `, ${parts.map((part) => basename(part)).join(', ')}`;
  if (files.length > 0) tell(`wrote ${first}${further}: ${streams.length} streams, ${samples} samples`);
  if (json && isReported) await print(context, { out: first, parts: files, streams });
  if (lost > 0)
    tell(`${lost} of ${samples + lost} samples are lost, as the disk did not take them; the rest is kept`);
  if (!isWhole) tell(`the disk did not take the last samples within ${CLOSES_WITHIN_S} s`);
  return { isKept: lost === 0 && isWhole, nothing: null };
}
