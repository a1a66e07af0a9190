import { Command } from 'commander';
import { probeStream, type StreamProbe } from '../health/stream-probe.js';
import { channelsOf, isSimulated } from '../io/lsl/declaration.js';
import { resolveStreams } from '../io/lsl/resolver.js';
import { streamTypeNamed } from '../signal/dialects/stream-type.js';
import { isUnixStamp } from '../signal/timebase/unix-stamps.js';
import { type CommandFactory, examples, positiveNumber } from './command.js';
import { note } from './context.js';
import { lslNetwork } from './lsl-network.js';
import { openOutput } from './output.js';

interface Options {
  readonly timeout: number;
  readonly json?: boolean;
}

interface StreamReport {
  readonly name: string;
  readonly type: string;
  /** What it is taken for, or null if its type is not known. */
  readonly canonical_type: string | null;
  readonly source_id: string;
  readonly hostname: string;
  readonly uid: string;
  readonly sfreq: number;
  readonly format: string;
  readonly channels: readonly { readonly label: string; readonly unit: string; readonly type: string }[];
  /** `lsl`: seconds since the host's start; `unix`: since 1970; null while nothing came. */
  readonly time_base: 'lsl' | 'unix' | null;
  /** Whether it says that a simulator makes it. */
  readonly simulated: boolean;
  /** Samples that came while looking. */
  readonly samples: number;
  readonly problem: string | null;
}

/** `affectd streams`: what is on the LSL network, and whether it flows. */
export const streamsCommand: CommandFactory = (context) =>
  new Command('streams')
    .description(
      'show the LSL streams on the network: type, rate, channels, time base, and whether data flows',
    )
    .option('--timeout <s>', 'how long to look, and how long to listen', positiveNumber, 2)
    .option('--json', 'machine-readable report')
    .addHelpText('after', examples('affectd streams', 'affectd streams --timeout 5 --json'))
    .action(async ({ timeout, json }: Options) => {
      const network = lslNetwork(context);
      const found = await resolveStreams(network, { timeout_s: timeout });
      const reports = (await Promise.all(found.map((info) => probeStream(network, info, timeout)))).map(
        reportOf,
      );
      reports.sort((a, b) => a.name.localeCompare(b.name) || a.source_id.localeCompare(b.source_id));
      const output = openOutput('-', context.stdout);
      if (json) await output.write(`${JSON.stringify({ streams: reports })}\n`);
      else if (reports.length > 0) await output.write(table(reports));
      if (reports.length === 0)
        note(
          context,
          'affectd: no LSL stream answers; is the device streaming, and in the same network? (affectd doctor)',
        );
    });

function reportOf({ info, failure, samples, lastStamp, listened_s }: StreamProbe): StreamReport {
  const isSilent = samples === 0 && info.nominalRate_hz > 0;
  const silence = isSilent ? `no sample in ${listened_s} s: is the device on, and worn?` : null;
  return {
    name: info.name,
    type: info.type,
    canonical_type: info.channelFormat === 'string' ? 'Markers' : streamTypeNamed(info.type),
    source_id: info.sourceId,
    hostname: info.hostname,
    uid: info.uid,
    sfreq: info.nominalRate_hz,
    format: info.channelFormat,
    channels: channelsOf(info),
    time_base: samples === 0 ? null : isUnixStamp(lastStamp) ? 'unix' : 'lsl',
    simulated: isSimulated(info),
    samples,
    problem: failure?.message ?? silence,
  };
}

function table(reports: readonly StreamReport[]): string {
  return reports
    .map((report) => {
      const { name, type, sfreq, channels, time_base, simulated, samples, hostname, source_id, problem } =
        report;
      const labels = channels.map(({ label }, c) => label || `#${c + 1}`);
      const shown = labels.length > 12 ? `${labels.slice(0, 12).join(' ')} ...` : labels.join(' ');
      return [
        `${name} (${type})${simulated ? ', SIMULATED' : ''}`,
        `  ${sfreq > 0 ? `${sfreq} Hz` : 'irregular'}, ${channels.length} channels: ${shown}`,
        `  from ${hostname}${source_id ? `, source id ${source_id}` : ', without source id: it is not found again after a restart'}`,
        problem
          ? `  PROBLEM: ${problem}`
          : `  ${samples} samples came; stamps ${time_base === null ? 'unknown' : time_base === 'unix' ? 'count from 1970 (not the LSL clock)' : 'are on the LSL clock'}`,
        '',
      ].join('\n');
    })
    .join('');
}
