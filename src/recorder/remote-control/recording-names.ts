import { lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { CommandRefused } from './command-refused.js';

/** What remote controls say of the next recording's file, as LabRecorder's fields hold it. */
export interface RecordingNames {
  /** Below the folder that the operator named. */
  readonly root: string;
  /** Null: BIDS'. */
  readonly template: string | null;
  /** Null: the first whose file isn't there. */
  readonly run: number | null;
  readonly task: string;
  readonly participant: string;
  readonly session: string;
  readonly acquisition: string;
  readonly modality: string;
}

/** LabRecorder's, of a study that nobody described. */
export const namesAtFirst: RecordingNames = {
  ...{ root: '', template: null, run: null, task: 'Default', participant: 'P001', session: 'S001' },
  ...{ acquisition: '', modality: 'eeg' },
};

/** Longest value of an option, and part of a path, characters; with a part's number any file system takes it. */
const MOST_VALUE = 64;
const MOST_COMPONENT = 200;
const MOST_COMPONENTS = 16;
const MOST_RUN = 1000;

/**
 * Changes names by options as in `{root:pilot} {participant:P003} {run:2}`.
 * @throws CommandRefused
 */
export function changedNames(names: RecordingNames, options: string): RecordingNames {
  let changed = names;
  const found = [...options.matchAll(/\{(\w{1,32}):([^{}]*)\}/g)];
  if (found.length === 0) throw new CommandRefused('filename takes options, as in {participant:P003}');
  for (const [, option, value] of found) changed = { ...changed, ...changeOf(option.toLowerCase(), value) };
  return changed;
}

function changeOf(option: string, value: string): Partial<RecordingNames> {
  switch (option) {
    case 'root':
    case 'template':
      if (value === '') throw new CommandRefused(`${option} is empty`);
      return { [option]: value };
    case 'run':
      if (!/^\d{1,6}$/.test(value)) throw new CommandRefused('run is no number of up to six digits');
      return { run: Number(value) };
    case 'modality':
      return { modality: nameOf(option, value).toLowerCase() };
    case 'acquisition':
      return { acquisition: value === '' ? '' : nameOf(option, value) };
    case 'task':
    case 'participant':
    case 'session':
      return { [option]: nameOf(option, value) };
    default:
      throw new CommandRefused(`filename has no option ${option}`);
  }
}

/** A value that stands in names: it adds no folder. */
function nameOf(option: string, value: string): string {
  if (value === '' || value.length > MOST_VALUE)
    throw new CommandRefused(`${option} has not 1 to ${MOST_VALUE} characters`);
  return value.replace(/[^\p{L}\p{N}_.-]+/gu, '_');
}

/**
 * The next recording's file, which is in `folder` whatever the names are.
 * @throws CommandRefused
 */
export function pathOf(folder: string, names: RecordingNames): string {
  const { template, acquisition } = names;
  const bids = `sub-%p/ses-%s/%m/sub-%p_ses-%s_task-%b${acquisition === '' ? '' : '_acq-%a'}_run-%r_%m.xdf`;
  const pattern = template ?? bids;
  if (names.run !== null || !/%[nr]/.test(pattern)) return fileOf(folder, names, pattern, names.run ?? 1);
  for (let run = 1; run < MOST_RUN; run++) {
    const path = fileOf(folder, names, pattern, run);
    if (!lstatSync(path, { throwIfNoEntry: false })) return path;
  }
  throw new CommandRefused(
    `there are ${MOST_RUN - 1} runs already: give another participant, session or task`,
  );
}

function fileOf(folder: string, names: RecordingNames, pattern: string, run: number): string {
  const values: Readonly<Record<string, string>> = {
    ...{ b: names.task, p: names.participant, s: names.session, a: names.acquisition, m: names.modality },
    ...{ n: String(run).padStart(3, '0'), r: String(run).padStart(3, '0') },
  };
  // Programs for Windows write paths its way; parts find each other by what their names end with.
  const named = /\.xdf$/i.test(pattern) ? pattern : `${pattern}.xdf`;
  const file = named.replaceAll('\\', '/').replace(/%([bpsamnr])/g, (_, letter: string) => values[letter]);
  const path = inside(folder, resolve(folder, belowFolder(folder, names.root)), file);
  const existing = lstatSync(path, { throwIfNoEntry: false });
  if (existing && !existing.isFile()) throw new CommandRefused(`${basename(path)} is there, and is no file`);
  return path;
}

/** A root that a client gives: a whole path if it is the operator's folder or in it, else one below that. */
function belowFolder(folder: string, root: string): string {
  const within = relative(resolve(folder), resolve(root));
  if (isAbsolute(root) && within !== '..' && !within.startsWith(`..${sep}`) && !isAbsolute(within))
    return inside(folder, folder, within);
  return inside(folder, folder, root.replaceAll('\\', '/'));
}

/** `path` below `from`; both are in `folder`, through whatever links there are. */
function inside(folder: string, from: string, path: string): string {
  const components = path.split(/[/\\]/).filter((component) => component !== '' && component !== '.');
  const isOut = /^(\/|[a-z]:)/i.test(path) || components.includes('..');
  if (isOut) throw new CommandRefused('a file can only be below the folder that --out names');
  if (components.length > MOST_COMPONENTS) throw new CommandRefused('a path of too many folders');
  for (const component of components)
    if (component.length > MOST_COMPONENT || /^\.|[\p{Cc}<>:"|?*]/u.test(component))
      throw new CommandRefused(
        'a path has a name that is too long, begins with a dot, or has characters that no system takes',
      );
  const inner = join(from, ...components);
  const real = realpathSync(folder);
  if (!isWithin(real, realpathOf(inner)))
    throw new CommandRefused('a link leads out of the folder that --out names');
  return inner;
}

/** Where a path really is, as far as it is there. */
function realpathOf(path: string): string {
  const missing: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    if (lstatSync(at, { throwIfNoEntry: false })) return join(realpathSync(at), ...missing);
    missing.unshift(basename(at));
  }
}

function isWithin(folder: string, path: string): boolean {
  const within = relative(folder, path);
  return within !== '..' && !within.startsWith(`..${sep}`) && !isAbsolute(within);
}
