import { readdirSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { z } from 'zod';
import { ConfigurationError } from '../../core/errors.js';
import { isMeasured, type Marker } from '../../core/signal.js';
import { withoutFurtherParts } from '../../io/recordings/xdf/xdf-parts.js';
import { copyFolder } from './copy-folder.js';
import {
  type Dataset,
  type DatasetDefinition,
  type DatasetRecording,
  type Label,
  type RatedDimension,
  ratedDimensions,
  type TimedTrial,
} from './dataset.js';
import { missing, otherLayout } from './dataset-error.js';
import { choosePeople, copySettings } from './people.js';
import { onNativeScale } from './rating.js';
import { type RecordedMessages, recordedMessages } from './recorded-messages.js';

const pattern = z.string().min(1);

const settings = z.strictObject({
  ...copySettings,
  name: z.string().min(1).default('sessions').describe('For reports.'),
  files: pattern
    .default('sub-(?<person>[^/_]+)(.*?ses-(?<session>[^/_]+))?')
    .describe(
      'Regular expression for a file’s path in the folder, with groups `person` and perhaps `session`; files that it doesn’t fit are one person each, named after the file.',
    ),
  dimensions: z.array(z.enum(ratedDimensions)).default(['valence', 'arousal']),
  classes: z.array(z.string().min(1)).min(2).nullable().default(null),
  trials: z
    .strictObject({
      start: pattern.describe('A marker that it fits starts a trial, and ends the one before.'),
      end: pattern
        .nullable()
        .default(null)
        .describe('A marker that it fits ends the trial; null: the next start, or the recording’s end.'),
      scale: z
        .tuple([z.number(), z.number()])
        .default([-1, 1])
        .describe('Lowest and highest of the ratings in the markers.'),
    })
    .nullable()
    .default(null)
    .describe(
      'Markers that tell trials apart. Groups of either expression: `stimulus`, `class`, and ratings named as the dimensions. Null: a recording is one trial.',
    ),
});
export type XdfSessionsSettings = z.infer<typeof settings>;

/**
 * Recordings of our own: a folder of XDF files, one a session. Labels come from an `Annotation` stream with the
 * channels `valence` and `arousal` on -1..1, or, trial by trial, from markers.
 */
export const xdfSessions: DatasetDefinition<XdfSessionsSettings> = {
  kind: 'xdf-sessions',
  summary:
    'A folder of XDF recordings with an Annotation stream, or with markers that tell trials and labels.',
  source: 'Your own recordings.',
  settings,
  async open(given, directory) {
    const root = copyFolder(directory, given.path);
    const fits = expression(given.files, 'files');
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.xdf$/i.test(name))
      .map((name) => name.replaceAll(sep, '/'))
      .sort();
    if (files.length === 0)
      throw missing(join(root, '*.xdf'), 'give the folder of your recordings as `path`');
    const sessions = new Map<string, SessionFile[]>();
    const whole = new Set(withoutFurtherParts(files.map((file) => join(root, file))));
    for (const file of files) {
      if (!whole.has(join(root, file))) continue;
      const { person = basename(file).replace(/\.xdf$/i, ''), session } = fits.exec(file)?.groups ?? {};
      const own = sessions.get(person) ?? [];
      sessions.set(person, [...own, { path: join(root, file), session: session ?? String(own.length + 1) }]);
    }
    const there = [...sessions.keys()];
    const people = choosePeople(given.people, there, there, (person) => join(root, `sub-${person}...xdf`));
    const trials = given.trials && {
      start: expression(given.trials.start, 'trials.start'),
      end: given.trials.end === null ? null : expression(given.trials.end, 'trials.end'),
      scale: given.trials.scale,
    };
    return new XdfSessions(given, people, sessions, trials);
  },
};

interface SessionFile {
  readonly path: string;
  readonly session: string;
}

interface TrialMarkers {
  readonly start: RegExp;
  readonly end: RegExp | null;
  readonly scale: readonly [number, number];
}

class XdfSessions implements Dataset {
  readonly name: string;
  readonly dimensions: readonly RatedDimension[];
  readonly classes: readonly string[] | null;

  constructor(
    settings: XdfSessionsSettings,
    readonly people: readonly string[],
    private readonly sessions: ReadonlyMap<string, readonly SessionFile[]>,
    private readonly markers: TrialMarkers | null,
  ) {
    this.name = settings.name;
    this.dimensions = settings.dimensions;
    this.classes = settings.classes;
  }

  async *recordings(person: string): AsyncGenerator<DatasetRecording> {
    for (const { path, session } of this.sessions.get(person)!) {
      const recorded = await recordedMessages(path);
      const isAnnotated = recorded.streams.some(
        ({ info, samples }) => info.type === 'Annotation' && samples > 0,
      );
      const trials = this.#trials(recorded, path).filter(({ label }) => isAnnotated || label !== null);
      if (trials.length === 0)
        throw otherLayout(
          path,
          'has no Annotation stream, and no marker tells a label',
          'record one, or name the groups `class`, `valence` ... in `trials.start` or `trials.end`',
        );
      const { messages, inArrivalOrder } = recorded;
      yield { person, session, kind: 'signals', messages, inArrivalOrder, trials };
    }
  }

  #trials({ messages, streams }: RecordedMessages, path: string): TimedTrial[] {
    const sampled = streams.filter(({ info, first }) => first !== null && isMeasured(info));
    if (sampled.length === 0)
      throw otherLayout(path, 'holds no signals', 'record it again, or take it out of the folder');
    const first = Math.min(...sampled.map((stream) => stream.first!));
    const last = Math.max(
      ...sampled.map(({ info, last: at }) => at! + (info.sfreq > 0 ? 1 / info.sfreq : 0)),
    );
    if (this.markers === null)
      return [{ trial: '1', stimulus: null, position: 0, label: null, start: first, end: last }];
    const { start, end } = this.markers;
    const trials: TimedTrial[] = [];
    let running: { readonly start: number; groups: Record<string, string> } | null = null;
    const finish = (at: number, groups: Record<string, string> = {}) => {
      if (!running) return;
      const told = { ...running.groups, ...groups };
      const position = trials.length;
      trials.push({
        trial: String(position + 1),
        stimulus: told.stimulus ?? null,
        position,
        label: this.#label(told, path),
        start: running.start,
        end: at,
      });
      running = null;
    };
    for (const { time, value } of markersOf(messages)) {
      const ended = end?.exec(value);
      const started = start.exec(value);
      if (ended || started) finish(time, ended?.groups && defined(ended.groups));
      if (started) running = { start: time, groups: defined(started.groups ?? {}) };
    }
    finish(last);
    if (trials.length === 0)
      throw otherLayout(path, `no marker fits \`trials.start\` (${start.source})`, 'mend the expression');
    return trials;
  }

  #label(told: Readonly<Record<string, string>>, path: string): Label | null {
    const targets: Partial<Record<RatedDimension, number>> = {};
    for (const dimension of this.dimensions) {
      if (told[dimension] === undefined) continue;
      const [low, high] = this.markers!.scale;
      const value = onNativeScale(Number(told[dimension]), low, high, path);
      if (!Number.isNaN(value)) targets[dimension] = value;
    }
    const index = told.class === undefined ? null : (this.classes ?? []).indexOf(told.class);
    if (index !== null && index < 0)
      throw otherLayout(path, `a marker tells the class '${told.class}'`, 'list it in `classes`');
    return index === null && Object.keys(targets).length === 0 ? null : { targets, class: index };
  }
}

function* markersOf(messages: RecordedMessages['messages']): Generator<Marker> {
  for (const message of messages) if (message.kind === 'marker') yield message.marker;
}

function defined(groups: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(groups).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function expression(source: string, key: string): RegExp {
  try {
    return new RegExp(source);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError(
      'dataset-settings-invalid',
      `xdf-sessions: ${key}: ${why}; mend the expression`,
      {
        cause,
      },
    );
  }
}
