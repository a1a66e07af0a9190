import { Command } from 'commander';
import { ConfigurationError, InputError } from '../core/errors.js';
import { Inlet } from '../lsl/inlet.js';
import { LslError } from '../lsl/lsl-error.js';
import type { LslContext } from '../lsl/network.js';
import { compileQuery } from '../lsl/query.js';
import { Resolver } from '../lsl/resolver.js';
import { formatInfo, type LslStreamInfo } from '../lsl/stream-info.js';
import type { ClockMeasurement } from '../lsl/time-correction.js';
import type { XdfWriter } from '../recordings/xdf-writer.js';
import { type CommandFactory, examples, positiveNumber } from './command.js';
import { type CommandContext, note } from './context.js';
import { untilAborted } from './daemon.js';
import { lslNetwork } from './lsl-network.js';
import { createXdf } from './output.js';

interface Options {
  readonly out?: string;
  readonly select: string;
  readonly duration?: number;
}

/** How often the senders' clocks are noted in the file, s; LabRecorder's interval. */
const CLOCK_OFFSET_INTERVAL_S = 5;

/** `affectd record`: LSL streams to XDF. */
export const recordCommand: CommandFactory = (context) =>
  new Command('record')
    .description('record LSL streams to an XDF file, until Ctrl-C or for a time')
    .option('--out <file.xdf>', 'file to write; default: named by the time')
    .option('--select <query>', "only streams that fit, as in \"name='x' and type='EEG'\"", '')
    .option('--duration <s>', 'seconds; default: until Ctrl-C', positiveNumber)
    .addHelpText(
      'after',
      examples(
        'affectd record --out session.xdf',
        'affectd record --select "type=\'EEG\'" --duration 300 --out eeg.xdf',
      ),
    )
    .action(async ({ out, select, duration }: Options) => {
      try {
        compileQuery(select);
      } catch (error) {
        throw new ConfigurationError('lsl-query-unusable', `--select: ${(error as Error).message}`);
      }
      const network = lslNetwork(context);
      const path = out ?? defaultName(context);
      const writer = createXdf(path, { start_unix_s: context.clock.unix() });
      const recorder = new Recorder(context, network, writer, select);
      note(context, `affectd: records to ${path}; ${duration ? `for ${duration} s` : 'stop with Ctrl-C'}`);
      const over =
        duration === undefined
          ? new Promise<void>(() => {})
          : new Promise<void>((resolve) => context.clock.after(duration, resolve));
      await Promise.race([untilAborted(context.signal), over]);
      const { streams, samples } = recorder.close();
      if (streams === 0) {
        writer.discard();
        throw new InputError(
          'no-streams',
          `no LSL stream ${select === '' ? '' : `that fits ${select} `}was found; see affectd streams`,
        );
      }
      writer.close();
      note(context, `affectd: wrote ${path}: ${streams} streams, ${samples} samples`);
    });

function defaultName({ clock }: CommandContext): string {
  const stamp = new Date(clock.unix() * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
  return `affectd-${stamp.replaceAll(':', '')}.xdf`;
}

interface Recorded {
  readonly inlet: Inlet;
  measurement: ClockMeasurement | null;
}

/** Writes every stream that appears, as its sender describes and stamps it. */
class Recorder {
  readonly #resolver: Resolver;
  readonly #recorded = new Map<string, Recorded | 'opening'>();
  readonly #timer: { cancel(): void };
  #samples = 0;
  #streams = 0;
  #isClosed = false;

  constructor(
    readonly context: CommandContext,
    readonly network: LslContext,
    readonly writer: XdfWriter,
    select: string,
  ) {
    this.#timer = network.clock.every(CLOCK_OFFSET_INTERVAL_S, () => this.#noteClocks());
    this.#resolver = new Resolver(network, {
      query: select,
      appeared: (info) => void this.#record(info),
    });
  }

  close(): { readonly streams: number; readonly samples: number } {
    this.#noteClocks();
    this.#isClosed = true;
    this.#timer.cancel();
    this.#resolver.close();
    for (const recorded of this.#recorded.values()) if (recorded !== 'opening') recorded.inlet.close();
    return { streams: this.#streams, samples: this.#samples };
  }

  async #record(info: LslStreamInfo): Promise<void> {
    const { sourceId, name, type, hostname, uid } = info;
    // A restarted outlet goes on in the stream that its inlet has open.
    const key = sourceId === '' ? uid : JSON.stringify([sourceId, name, type, hostname]);
    if (this.#recorded.has(key)) return;
    this.#recorded.set(key, 'opening');
    let isOpen = false;
    const inlet = new Inlet(this.network, info, {
      samples: ({ times, values }) => {
        if (!isOpen || this.#isClosed) return;
        this.writer.writeSender(key, times, values);
        this.#samples += times.length;
      },
      measured: (measurement) => {
        const recorded = this.#recorded.get(key);
        if (!recorded || recorded === 'opening' || this.#isClosed) return;
        if (!recorded.measurement) this.#noteClock(key, measurement);
        recorded.measurement = measurement;
      },
    });
    try {
      const full = await inlet.fullInfo();
      if (this.#isClosed) return;
      const header = formatInfo(full, 'full');
      const { channelFormat, channelCount } = full;
      this.writer.openSender({ id: key, header, format: channelFormat, channels: channelCount });
      this.#streams++;
      isOpen = true;
      this.#recorded.set(key, { inlet, measurement: null });
      await inlet.open();
      if (this.#isClosed) return inlet.close();
      note(this.context, `affectd: + ${name} (${type}) from ${hostname}`);
    } catch (error) {
      if (!(error instanceof LslError)) throw error;
      inlet.close();
      this.#recorded.delete(key);
      note(this.context, `affectd: ${name} (${type}) can't be recorded: ${error.message}`);
    }
  }

  #noteClocks(): void {
    for (const [key, recorded] of this.#recorded)
      if (recorded !== 'opening' && recorded.measurement) this.#noteClock(key, recorded.measurement);
  }

  #noteClock(key: string, { time, offset }: ClockMeasurement): void {
    this.writer.writeClockOffset(key, time, offset);
  }
}
