import { randomUUID } from 'node:crypto';
import { existsSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { basename, dirname, extname } from 'node:path';
import { Command } from 'commander';
import { doneWithin } from '../core/done-within.js';
import { AffectdError, ConfigurationError, ExitCode, InputError } from '../core/errors.js';
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
import { type CommandFactory, examples, positiveNumber } from './command.js';
import { type CommandContext, note } from './context.js';
import { lslNetwork } from './lsl-network.js';
import { addDiskOptions } from './options/record-options.js';
import { openOutput, unwritable } from './output.js';
import { repair } from './repair.js';

interface Options extends PartOptions {
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
interface Begun {
  readonly path: string;
  /** Rejects where a daemon that was asked for can't be had. */
  readonly isReached: Promise<never>;
  /** Lets go of the streams, and writes the footers. */
  readonly end: () => Promise<EndedReport>;
}

/** What of the 5 s that a process has to end the disk has to take the last samples, s. */
const CLOSES_WITHIN_S = 4;
const DEFAULT_URL = `ws://127.0.0.1:${DEFAULT_PORT}`;

/** `affectd record`: LSL streams, and what a daemon is sent and predicts, to XDF. */
export const recordCommand: CommandFactory = (context, exit) =>
  addDiskOptions(
    new Command('record')
      .description(
        'record LSL streams, and the WebSocket streams and predictions of a daemon, to one XDF recording, until Ctrl-C or for a time',
      )
      .option('--out <file.xdf>', 'file to write; default: named by the time')
      .option('--select <query>', "only streams that fit, as in \"name='x' and type='EEG'\"", '')
      .option('--duration <s>', 'seconds; default: until Ctrl-C', positiveNumber)
      .option(
        '--url <url>',
        `daemon whose streams and predictions to record; default: ${DEFAULT_URL}, if one runs there`,
      )
      .option('--token-file <file>', 'file with the token that the daemon wants'),
  )
    .option(
      '--repair <file.xdf>',
      'mend a recording that was cut or damaged instead: writes a whole copy beside it, or to --out',
    )
    .option('--json', 'machine-readable report of what was recorded or saved')
    .addHelpText(
      'after',
      examples(
        'affectd record --out session.xdf',
        'affectd record --select "type=\'EEG\'" --duration 300 --out eeg.xdf',
        'affectd record --url ws://127.0.0.1:9000 --token-file token.txt',
        'affectd record --repair crashed.xdf',
      ),
    )
    .action(async (options: Options) => {
      if (options.repair !== undefined) {
        const report = await repair(context, options.repair, options.out);
        if (options.json) await print(context, report);
        // An interrupted command that failed says so, too.
      } else if (!(await record(context, options))) exit(ExitCode.failed);
    });

/** @returns whether all that came is kept. */
async function record(context: CommandContext, options: Options): Promise<boolean> {
  const { clock } = context;
  const { select, duration } = options;
  const tell = teller(context);
  const { path, isReached, end } = await begin(context, options, options.out ?? defaultName(context));
  tell(`records to ${path}; ${duration ? `for ${duration} s` : 'stop with Ctrl-C'}`);
  const over =
    duration === undefined
      ? new Promise<void>(() => {})
      : new Promise<void>((resolve) => clock.after(duration, resolve));
  let failure: unknown = null;
  try {
    await Promise.race([untilAborted(context.signal), over, isReached]);
  } catch (error) {
    failure = error;
  }
  const { streams, files, isWhole } = await end();
  for (const stream of streams) tell(`  ${describeRecorded(stream)}`);
  if (failure) throw failure;
  const sum = (of: 'samples' | 'lost'): number => streams.reduce((all, stream) => all + stream[of], 0);
  const [samples, lost] = [sum('samples'), sum('lost')];
  if (samples + lost === 0) {
    const fitting = select === '' ? '' : ` that fits ${select}`;
    const message =
      streams.length === 0
        ? `no LSL stream${fitting} was found, and no daemon sends one; see affectd streams`
        : `none of ${streams.length} streams sent a single sample: nothing was recorded; are the devices on, and worn?`;
    if (context.signal.aborted) tell(message);
    throw new InputError('no-streams', message);
  }
  const [first = path, ...parts] = files;
  const further = parts.length === 0 ? '' : `, ${parts.map((part) => basename(part)).join(', ')}`;
  if (files.length > 0) tell(`wrote ${first}${further}: ${streams.length} streams, ${samples} samples`);
  if (options.json) await print(context, { out: first, parts: files, streams });
  if (lost > 0)
    tell(`${lost} of ${samples + lost} samples are lost, as the disk did not take them; the rest is kept`);
  if (!isWhole) tell(`the disk did not take the last samples within ${CLOSES_WITHIN_S} s`);
  return lost === 0 && isWhole;
}

/** Begins to record to `path`, unless that can't be written: then it says so before anything comes. */
async function begin(context: CommandContext, options: Options, path: string): Promise<Begun> {
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

function teller(context: CommandContext): (line: string) => void {
  return (line) => note(context, `affectd: ${line}`);
}

async function print(context: CommandContext, report: object): Promise<void> {
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

function defaultName({ clock }: CommandContext): string {
  const stamp = new Date(clock.unix() * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
  return `affectd-${stamp.replaceAll(':', '')}.xdf`;
}
