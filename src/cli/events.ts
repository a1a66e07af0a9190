import { Command, Option } from 'commander';
import { ConfigurationError, InputError } from '../core/errors.js';
import { joinRecordings } from '../io/recordings/join.js';
import { openRecordings } from '../io/recordings/open.js';
import type { Recording } from '../io/recordings/recording.js';
import { SIMULATED_COLUMN } from '../signal/dialects/simulated-mark.js';
import {
  EventTable,
  type GazeDetectorName,
  gazeDetectorNames,
} from '../signal/features/events/event-table.js';
import { type Screen, screenSchema } from '../signal/features/events/screen.js';
import { type CommandFactory, examples } from './command.js';
import { warnings } from './context.js';
import { addRecordingOptions, type RecordingOptions, readOptions } from './options/recording-options.js';
import { openOutput } from './output.js';

interface Options extends RecordingOptions {
  readonly out?: string;
  readonly screen?: string;
  readonly deviceEvents?: boolean;
  readonly detector: GazeDetectorName;
}

const HEADER = 'stream,event,onset_s,duration_s,value,unit';

/** `affectd events`: eye movements, blinks, heart beats and skin conductance responses in recordings, as CSV. */
export const eventsCommand: CommandFactory = (context) =>
  addRecordingOptions(
    new Command('events')
      .description('find fixations, saccades, pursuit, blinks, beats and skin conductance responses, as CSV')
      .argument('<recording...>', 'recordings of one session')
      .option('--out <file>', 'where the CSV goes; - is stdout')
      .option(
        '--screen <geometry>',
        'width and height in cm, distance in cm, and for gaze in px the resolution: 38x30@67:1024x768',
      )
      .option(
        '--device-events',
        'list the fixations, saccades and blinks that the eye tracker told, too, as of `<stream> (device)`',
      )
      .addOption(
        new Option(
          '--detector <name>',
          'what finds the eye movements: ours, or for comparison a velocity threshold, a dispersion threshold, or Engbert & Kliegl, which tell fixations and saccades',
        )
          .choices(gazeDetectorNames)
          .default('affectd'),
      ),
  )
    .addHelpText(
      'after',
      examples(
        'affectd events session.xdf --out events.csv',
        'affectd events gaze.csv --screen 53x30@65:1920x1080',
        'affectd events gaze.csv --detector i-vt',
      ),
    )
    .action(async (paths: string[], options: Options) => {
      const events = warnings(context);
      const screen = options.screen === undefined ? undefined : parseScreen(options.screen);
      let opened: readonly Recording[] = [];
      const output = openOutput(options.out, context.stdout);
      try {
        opened = await openRecordings(paths);
        const recording =
          opened.length === 1 ? opened[0] : joinRecordings(opened, { alignStart: options.align === 'start' });
        for (const problem of recording.problems)
          events({ code: 'recording-damaged', level: 'warn', message: `${recording.path}: ${problem}` });
        const table = new EventTable(screen, options.deviceEvents, options.detector);
        for await (const message of recording.messages(readOptions(options, events))) {
          context.signal.throwIfAborted();
          table.take(message);
        }
        if (table.streams === 0)
          throw new InputError(
            'no-usable-stream',
            `${paths.join(', ')}: no stream in which events can be found (Gaze, ECG, PPG, IBI or EDA); see affectd inspect`,
          );
        const marked = table.simulated;
        await output.write(`${HEADER}${marked ? `,${SIMULATED_COLUMN}` : ''}\r\n`);
        for (const { stream, event, onset_s, duration_s, value, unit, simulated } of table.rows()) {
          const cells = [quote(stream), event, text(onset_s), text(duration_s), text(value), unit];
          if (marked) cells.push(simulated ? '1' : '0');
          await output.write(`${cells.join(',')}\r\n`);
        }
        await output.finish();
      } catch (error) {
        await output.discard();
        throw error;
      } finally {
        await Promise.all(opened.map((recording) => recording.close()));
      }
    });

/** Seconds and values to the microsecond; empty where there is none. */
function text(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toFixed(6))) : '';
}

function quote(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function parseScreen(geometry: string): Screen {
  const number = '(\\d+(?:\\.\\d+)?)';
  const match = new RegExp(`^${number}x${number}@${number}(?::${number}x${number})?$`).exec(geometry);
  const [width_cm, height_cm, distance_cm, width_px, height_px] = (match ?? [])
    .slice(1)
    .map((part) => (part === undefined ? undefined : Number(part)));
  const parsed = screenSchema.safeParse({ width_cm, height_cm, distance_cm, width_px, height_px });
  if (!match || !parsed.success)
    throw new ConfigurationError(
      'screen-invalid',
      `--screen ${geometry}: expected width x height @ distance in cm, and the resolution for gaze in px, like 53x30@65:1920x1080`,
    );
  return parsed.data;
}
