import { existsSync, renameSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { Command } from 'commander';
import { AffectdError, ConfigurationError, InputError } from '../core/errors.js';
import { untilAborted } from '../daemon/daemon.js';
import { readOptionFile } from '../daemon/daemon-settings.js';
import { compileQuery, type Query } from '../io/lsl/query.js';
import { createStreamInfo, infoElement } from '../io/lsl/stream-info.js';
import { DEFAULT_PORT } from '../io/server/server.js';
import { DaemonRecorder } from '../recorder/daemon-recorder.js';
import { describeRecorded, LiveRecording, type RecordedSummary } from '../recorder/live-recording.js';
import { LslRecorder } from '../recorder/lsl-recorder.js';
import { type CommandFactory, examples, positiveNumber } from './command.js';
import { type CommandContext, note } from './context.js';
import { lslNetwork } from './lsl-network.js';
import { createXdf, openOutput } from './output.js';
import { repair } from './repair.js';

interface Options {
  readonly out?: string;
  readonly select: string;
  readonly duration?: number;
  readonly url?: string;
  readonly tokenFile?: string;
  readonly repair?: string;
  readonly json?: boolean;
}

const DEFAULT_URL = `ws://127.0.0.1:${DEFAULT_PORT}`;

/** `affectd record`: LSL streams, and what a daemon is sent and predicts, to XDF. */
export const recordCommand: CommandFactory = (context) =>
  new Command('record')
    .description(
      'record LSL streams, and the WebSocket streams and predictions of a daemon, to one XDF file, until Ctrl-C or for a time',
    )
    .option('--out <file.xdf>', 'file to write; default: named by the time')
    .option('--select <query>', "only streams that fit, as in \"name='x' and type='EEG'\"", '')
    .option('--duration <s>', 'seconds; default: until Ctrl-C', positiveNumber)
    .option(
      '--url <url>',
      `daemon whose streams and predictions to record; default: ${DEFAULT_URL}, if one runs there`,
    )
    .option('--token-file <file>', 'file with the token that the daemon wants')
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
      const report =
        options.repair === undefined
          ? await record(context, options)
          : await repair(context, options.repair, options.out);
      if (options.json) await openOutput('-', context.stdout).write(`${JSON.stringify(report)}\n`);
    });

async function record(
  context: CommandContext,
  options: Options,
): Promise<{ out: string; streams: RecordedSummary[] }> {
  const { clock } = context;
  const { select, duration, url = DEFAULT_URL } = options;
  const query = queryOf(select);
  const network = lslNetwork(context);
  const { tokenFile } = options;
  const token =
    tokenFile === undefined ? undefined : (await readOptionFile('--token-file', tokenFile)).trim();
  const path = options.out ?? defaultName(context);
  keepOld(context, path);
  const tell = (line: string): void => note(context, `affectd: ${line}`);
  const writer = createXdf(path, { start_unix_s: clock.unix() });
  const rescue = (): void => writer.close();
  context.rescues?.add(rescue);
  const recording = new LiveRecording(clock, writer, tell);
  const lsl = new LslRecorder(network, select, recording, tell);
  const daemon = new DaemonRecorder(recording, {
    ...{ clock, url, tell },
    ...(token === undefined ? {} : { token }),
    wanted: (stream) =>
      query(infoElement(createStreamInfo(stream, { createdAt: 0, sessionId: 'default' }), 'full')),
  });
  const isReached = reach(context, daemon, url, options.url !== undefined);
  tell(`records to ${path}; ${duration ? `for ${duration} s` : 'stop with Ctrl-C'}`);
  const over =
    duration === undefined
      ? new Promise<void>(() => {})
      : new Promise<void>((resolve) => clock.after(duration, resolve));
  let failure: unknown = null;
  try {
    await Promise.race([untilAborted(context.signal), over, recording.failed, isReached]);
  } catch (error) {
    failure = error;
  }
  const streams = recording.close();
  context.rescues?.delete(rescue);
  lsl.close();
  daemon.close();
  const samples = streams.reduce((sum, stream) => sum + stream.samples, 0);
  for (const stream of streams) tell(`  ${describeRecorded(stream)}`);
  if (failure) {
    if (samples === 0) writer.discard();
    throw failure instanceof AffectdError ? failure : failed(path, failure);
  }
  if (samples === 0) {
    writer.discard();
    const fitting = select === '' ? '' : ` that fits ${select}`;
    const message =
      streams.length === 0
        ? `no LSL stream${fitting} was found, and no daemon sends one; see affectd streams`
        : `none of ${streams.length} streams sent a single sample: nothing was recorded; are the devices on, and worn?`;
    if (context.signal.aborted) tell(message);
    throw new InputError('no-streams', message);
  }
  writer.close();
  tell(`wrote ${path}: ${streams.length} streams, ${samples} samples`);
  return { out: path, streams };
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

function failed(path: string, error: unknown): AffectdError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new AffectdError(
    'output-failed',
    `--out ${path}: can't be written any more (${code ?? message}); what was written so far is kept: mend it with --repair`,
  );
}

function queryOf(select: string): Query {
  try {
    return compileQuery(select);
  } catch (error) {
    throw new ConfigurationError('lsl-query-unusable', `--select: ${(error as Error).message}`);
  }
}

/** A recording never takes another's place: as in LabRecorder, the one that is there gets another name. */
function keepOld(context: CommandContext, path: string): void {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile() || statSync(path).size === 0) return;
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
