import { Command } from 'commander';
import { formatInspection, inspectRecording } from '../io/recordings/inspect.js';
import { openRecording } from '../io/recordings/open.js';
import { type CommandFactory, examples } from './command.js';
import { openOutput } from './output.js';

/** `affectd inspect`: what is in a recording, and what is wrong with it. */
export const inspectCommand: CommandFactory = (context) =>
  new Command('inspect')
    .description(
      'show the streams of a recording: channels, units, rates, gaps, clock resets, quality, problems',
    )
    .argument(
      '<recording>',
      'XDF, EDF, BDF, BrainVision, Empatica E4, EyeLink ASC, Tobii, Pupil Neon, OpenFace, iMotions or CSV',
    )
    .option('--json', 'machine-readable report')
    .addHelpText('after', examples('affectd inspect session.xdf', 'affectd inspect empatica-folder --json'))
    .action(async (path: string, options: { json?: boolean }) => {
      const recording = await openRecording(path);
      try {
        const report = await inspectRecording(recording);
        const output = openOutput('-', context.stdout);
        await output.write(options.json ? `${JSON.stringify(report)}\n` : formatInspection(report));
      } finally {
        await recording.close();
      }
    });
