import { headOf } from '../files/file-head.js';
import { stemOf } from '../files/stem.js';
import { ProblemCounts } from '../problem-counts.js';
import type { RecordingFormat } from '../recording.js';
import { numberIn, readRows, readTableHead, type TableHead, tableHead } from './delimited-text.js';
import { columnChannel, TableRecording } from './table-recording.js';

type Cells = readonly string[];

/**
 * Py-Feat's CSV of a video (Cheong et al. 2023, doi:10.1007/s42761-023-00191-4; https://py-feat.org): probabilities of action units
 * (`AU01`, 0..1), the head's angles, `FaceScore`. The file numbers its frames and tells their time in whole seconds
 * (`approx_time`): the frame rate is found from where the seconds change.
 */
export const pyFeat: RecordingFormat = {
  name: 'Py-Feat',
  recognise(_path, head) {
    if (!head) return 0;
    const { names } = tableHead(head);
    return ['FaceRectX', 'FaceRectWidth', 'FaceScore'].every((name) => names.includes(name)) ? 2 : 0;
  },
  async open(path) {
    const head = await readTableHead(path, tableHead(headOf(path)));
    const frame = head.names.indexOf('frame');
    const fps = await frameRate(path, head);
    const stem = stemOf(path);
    const channels = head.names.flatMap((label, column) => {
      if (/^AU\d+$/.test(label)) return [columnChannel(column, { label, unit: '0..1', type: 'probability' })];
      if (/^(Pitch|Yaw|Roll)$/.test(label))
        return [columnChannel(column, { label, unit: 'rad', type: 'pose' })];
      if (label === 'FaceScore')
        return [columnChannel(column, { label: 'confidence', unit: '0..1', type: 'confidence' })];
      return [];
    });
    return TableRecording.open(path, {
      format: 'Py-Feat',
      names: head.names,
      streams: [{ id: `${stem}/face`, name: stem, type: 'Face', sourceId: '', channels, holds: () => true }],
      rows: (problems) => firstFaces(readRows(path, head, problems), frame, problems),
      time: (cells) => numberIn(cells[frame]) / fps,
      zeroUnix: () => null,
    });
  },
};

/** Of several faces in a frame the first. */
async function* firstFaces(
  rows: AsyncIterable<Cells>,
  frame: number,
  problems: ProblemCounts,
): AsyncGenerator<Cells> {
  let last = '';
  for await (const cells of rows) {
    if (cells[frame] === last) {
      problems.count('rows of further faces in the picture; left out');
      continue;
    }
    last = cells[frame] ?? '';
    yield cells;
  }
}

const usualRates = [10, 15, 20, 23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60, 90, 120];
/** What cameras do most where nothing tells. */
const DEFAULT_RATE = 30;
/** How far a usual rate may lie outside of what the seconds allow. */
const TOLERANCE = 0.02;

/** Frames a second: frame n stands at floor(n / rate) seconds. The usual rate nearest to what that allows, else its middle. */
async function frameRate(path: string, head: TableHead): Promise<number> {
  const [frame, clock] = ['frame', 'approx_time'].map((name) => head.names.indexOf(name));
  let [low, high] = [0, Number.POSITIVE_INFINITY];
  for await (const cells of readRows(path, head, new ProblemCounts())) {
    const [minutes, seconds] = (cells[clock] ?? '').split(':').map(Number);
    const [n, second] = [numberIn(cells[frame]), 60 * minutes + seconds];
    if (!Number.isFinite(n + second)) continue;
    low = Math.max(low, n / (second + 1));
    if (second > 0) high = Math.min(high, n / second);
  }
  if (high === Number.POSITIVE_INFINITY) return DEFAULT_RATE;
  const middle = (low + high) / 2;
  const outside = (r: number) => (r <= low ? low - r + Number.EPSILON : Math.max(0, r - high));
  return (
    usualRates
      .filter((r) => outside(r) < TOLERANCE * r)
      .sort((a, b) => outside(a) - outside(b) || Math.abs(a - middle) - Math.abs(b - middle))[0] ?? middle
  );
}
