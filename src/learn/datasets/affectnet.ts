import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ProblemCounts } from '../../io/recordings/problem-counts.js';
import { numberIn, readRecords } from '../../io/recordings/tables/delimited-text.js';
import { copyFolder } from './copy-folder.js';
import type { Dataset, DatasetDefinition, DatasetRecording, ImageTrial, Label } from './dataset.js';
import { damaged, missing, otherLayout } from './dataset-error.js';
import { type FaceCrop, readFace } from './images/face-crop.js';
import { faceRecording } from './images/face-recording.js';
import { choosePeople, copySettings } from './people.js';
import { ratedLabel } from './rating.js';

const settings = z.strictObject({
  ...copySettings,
  people: copySettings.people.describe('Which lists to take, `training` or `validation`; null: both.'),
  images: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Folder of the images, relative to `path`; null: where the data set has them.'),
  size: z.int().min(8).default(96).describe('Rows and columns that a face is brought to.'),
  expressions: z
    .boolean()
    .default(false)
    .describe('The eight expressions are classes; a face that shows none of them has no class.'),
  without: z.array(z.string().min(1)).default([]).describe('Images to leave out, as the lists name them.'),
  missing_share: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('Share of a list’s images that may be missing from the copy; they are left out, and counted.'),
});
export type AffectnetSettings = z.infer<typeof settings>;

const LISTS_FOLDER = 'Manually_Annotated_file_lists';
const lists = ['training', 'validation'] as const;
const columns = [
  'subDirectory_filePath',
  'face_x',
  'face_y',
  'face_width',
  'face_height',
  'facial_landmarks',
  'expression',
  'valence',
  'arousal',
] as const;
type Column = (typeof columns)[number];

const expressions = ['neutral', 'happy', 'sad', 'surprise', 'fear', 'disgust', 'anger', 'contempt'] as const;
/** Numbers of {@link expressions}, then these. */
const noExpression = ['none', 'uncertain', 'no face'] as const;
/** What stands for a value that nobody gave. */
const UNRATED = -2;
const dimensions = ['valence', 'arousal'] as const;

/** A rated face of a list. */
interface Face extends Omit<FaceCrop, 'path'> {
  /** As the list names it. */
  readonly file: string;
  readonly label: Label;
}

interface FaceList {
  readonly faces: readonly Face[];
  /** One line each. */
  readonly notes: readonly string[];
}

/** AffectNet's manually annotated images. Each list is a person, as faces have no names, and each face a trial. */
export const affectnet: DatasetDefinition<AffectnetSettings> = {
  kind: 'affectnet',
  summary: 'AffectNet: images of faces from the web, valence and arousal given by one annotator each.',
  source:
    'Mollahosseini et al. 2017, doi:10.1109/TAFFC.2017.2740923; on request with a signed agreement from http://mohammadmahoor.com/affectnet/',
  settings,
  async open(own, directory) {
    const root = copyFolder(directory, own.path);
    const fileOf = (list: string): string => join(root, LISTS_FOLDER, `${list}.csv`);
    const there = lists.filter((list) => existsSync(fileOf(list)));
    const chosen = choosePeople(own.people, lists, there, fileOf);
    const read = new Map<string, FaceList>();
    let images: string | null = own.images === null ? null : join(root, own.images);
    for (const list of chosen) {
      const listed = await readList(fileOf(list), own);
      images ??= imageFolder(root, listed.faces[0]);
      read.set(list, onlyThere(listed, images, fileOf(list), own.missing_share));
    }
    return new Affectnet(read, images!, own);
  },
};

class Affectnet implements Dataset {
  readonly name = 'AffectNet';
  readonly dimensions = dimensions;
  readonly hasImages = true;
  readonly classes: readonly string[] | null;
  readonly people: readonly string[];
  readonly notes: readonly string[];

  constructor(
    private readonly lists: ReadonlyMap<string, FaceList>,
    private readonly images: string,
    private readonly settings: AffectnetSettings,
  ) {
    this.classes = settings.expressions ? expressions : null;
    this.people = [...lists.keys()];
    this.notes = [...lists].flatMap(([list, { notes }]) => notes.map((note) => `${list}: ${note}`));
  }

  async *recordings(person: string): AsyncGenerator<DatasetRecording> {
    const { size } = this.settings;
    const images = this.lists.get(person)!.faces.map(({ file, label, ...box }, position): ImageTrial => {
      const crop = { path: join(this.images, file), ...box };
      return { trial: file, stimulus: null, position, label, read: () => readFace(crop, size) };
    });
    yield faceRecording(person, size, images);
  }
}

/** The rated faces of a list. */
async function readList(path: string, { without, expressions: told }: AffectnetSettings): Promise<FaceList> {
  const leftOut = new Set(without);
  const faces: Face[] = [];
  const unrated = new Map<string, number>();
  let asked = 0;
  let place: ReadonlyMap<Column, number> | null = null;
  const problems = new ProblemCounts();
  for await (const cells of readRecords(path, ',', problems)) {
    if (place === null) {
      place = placesOf(cells, path);
      // The validation list is given out without a head.
      if (isHead(cells)) continue;
    }
    const cell = (column: Column): string => cells[place!.get(column)!] ?? '';
    const file = cell('subDirectory_filePath');
    const [expression, valence, arousal] = (['expression', ...dimensions] as const).map((column) =>
      numberIn(cell(column)),
    );
    if (valence === UNRATED || arousal === UNRATED || Number.isNaN(valence + arousal)) {
      const name = [...expressions, ...noExpression][expression] ?? 'no expression';
      unrated.set(name, (unrated.get(name) ?? 0) + 1);
      continue;
    }
    if (leftOut.has(file)) {
      asked++;
      continue;
    }
    const [left, top, width, height] = (['face_x', 'face_y', 'face_width', 'face_height'] as const).map(
      (column) => numberIn(cell(column)),
    );
    if (!(width > 0 && height > 0 && Number.isFinite(left + top + width + height)))
      throw otherLayout(path, `${file} has no face box`, 'get the list again, or name the file in `without`');
    const { targets } = ratedLabel(dimensions, [valence, arousal], [-1, 1], path);
    const label = { targets, class: told && expression < expressions.length ? expression : null };
    faces.push({ file, left, top, width, height, label });
  }
  const [unreadable] = problems.lines();
  if (unreadable) throw damaged(path, unreadable);
  if (faces.length === 0) throw otherLayout(path, 'no row of it has valence and arousal');
  const rows = [...unrated.values()].reduce((sum, n) => sum + n, 0);
  const which = [...unrated].map(([name, n]) => `${n} ${name}`).join(', ');
  return {
    faces,
    notes: [
      ...(rows > 0 ? [`${rows} images have no valence and arousal (${which}) and are left out`] : []),
      ...(asked > 0 ? [`${asked} images are left out as \`without\` asks`] : []),
    ],
  };
}

const isHead = (cells: readonly string[]): boolean => cells[0].trim() === columns[0];

/** Where each column stands; in the documented order where the list has no head. */
function placesOf(cells: readonly string[], path: string): ReadonlyMap<Column, number> {
  const names = isHead(cells) ? cells.map((cell) => cell.trim()) : columns;
  const lacking = columns.find((column) => !names.includes(column));
  if (lacking) throw otherLayout(path, `it has no column ${lacking}`);
  if (cells.length < columns.length)
    throw otherLayout(path, `its rows have ${cells.length} columns instead of ${columns.length}`);
  return new Map(columns.map((column) => [column, names.indexOf(column)]));
}

/** Where copies have their images: as unpacked, beside the lists, or in the folder itself. */
function imageFolder(root: string, { file }: Face): string {
  const candidates = ['Manually_Annotated_Images', 'Manually_Annotated', ''].map((name) => join(root, name));
  const found = candidates.find((folder) => existsSync(join(folder, dirname(file))));
  if (!found) throw missing(join(candidates[0], file), 'give the folder of the images as `images`');
  return found;
}

/** The faces whose images the copy has; throws where more than `share` are missing. */
function onlyThere({ faces, notes }: FaceList, images: string, list: string, share: number): FaceList {
  const folders = new Map<string, ReadonlySet<string>>();
  const isThere = ({ file }: Face): boolean => {
    const folder = join(images, dirname(file));
    let names = folders.get(folder);
    if (!names) {
      names = new Set(existsSync(folder) ? readdirSync(folder) : []);
      folders.set(folder, names);
    }
    return names.has(file.slice(file.lastIndexOf('/') + 1));
  };
  const there = faces.filter(isThere);
  const lacking = faces.length - there.length;
  if (lacking === 0) return { faces, notes };
  if (lacking > share * faces.length || there.length === 0) {
    const first = faces.find((face) => !isThere(face))!;
    const more = lacking > 1 ? ` (nor ${lacking - 1} others of ${faces.length})` : '';
    throw missing(
      `${join(images, first.file)}${more}`,
      `${list} names it: get the whole data set, or allow a \`missing_share\``,
    );
  }
  return { faces: there, notes: [...notes, `${lacking} images are missing from the copy and left out`] };
}
