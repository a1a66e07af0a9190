import { headOf } from '../files/file-head.js';
import { stemOf } from '../files/stem.js';
import type { RecordingFormat } from '../recording.js';
import { numberIn, readRows, readTableHead, tableHead } from './delimited-text.js';
import { columnChannel, type SampledColumns, type TableChannel, TableRecording } from './table-recording.js';

/**
 * OpenFace's CSV of a video (Baltrusaitis et al. 2018, doi:10.1109/FG.2018.00019;
 * https://github.com/TadasBaltrusaitis/OpenFace/wiki/Output-Format): action units of the face as intensities 0..5
 * (`AU01_r`) and presence 0/1 (`AU01_c`), angles of the head, and the direction of gaze. Frames in which the tracking failed hold numbers
 * that mean nothing: masked.
 */
export const openFace: RecordingFormat = {
  name: 'OpenFace',
  recognise(_path, head) {
    if (!head) return 0;
    const { names } = tableHead(head);
    return ['timestamp', 'confidence', 'success'].every((name) => names.includes(name)) ? 2 : 0;
  },
  async open(path) {
    const head = await readTableHead(path, tableHead(headOf(path)));
    const column = (name: string) => head.names.indexOf(name);
    const time = column('timestamp');
    const face = column('face_id');
    const isFirstFace = (cells: readonly string[]) => face < 0 || !(numberIn(cells[face]) > 0);
    return TableRecording.open(path, {
      format: 'OpenFace',
      names: head.names,
      streams: streamsOf(stemOf(path), head.names, isFirstFace),
      rows: (problems) => readRows(path, head, problems),
      time: (cells) => numberIn(cells[time]),
      zeroUnix: () => null,
      note: (cells, problems) => {
        if (!isFirstFace(cells)) problems.count('rows of further faces in the picture; left out');
      },
    });
  },
};

const degrees = 180 / Math.PI;

function streamsOf(
  stem: string,
  names: readonly string[],
  isFirstFace: (cells: readonly string[]) => boolean,
): SampledColumns[] {
  const success = names.indexOf('success');
  const isTracked = (cells: readonly string[]) => numberIn(cells[success]) === 1;
  const tracked = (channel: TableChannel): TableChannel => ({
    ...channel,
    value: (cells) => (isTracked(cells) ? channel.value(cells) : Number.NaN),
  });
  const actionUnits = names.flatMap((label, column) => {
    const kind = /^AU\d+_([rc])$/.exec(label)?.[1];
    if (!kind) return [];
    const unit = kind === 'r' ? '0..5' : '0/1';
    return [tracked(columnChannel(column, { label, unit, type: kind === 'r' ? 'intensity' : 'presence' }))];
  });
  const about = ['confidence', 'success'].map((label) =>
    columnChannel(names.indexOf(label), { label, unit: label === 'success' ? '0/1' : '0..1', type: label }),
  );
  const pose = ['pose_Rx', 'pose_Ry', 'pose_Rz'].flatMap((label) => {
    const column = names.indexOf(label);
    return column < 0 ? [] : [tracked(columnChannel(column, { label, unit: 'rad', type: 'pose' }))];
  });
  const common = { name: stem, sourceId: '', holds: isFirstFace };
  const streams: SampledColumns[] = [
    { ...common, id: `${stem}/face`, type: 'Face', channels: [...actionUnits, ...pose, ...about] },
  ];
  const gaze = gazeAngles(names).map(tracked);
  if (gaze.length > 0) streams.push({ ...common, id: `${stem}/gaze`, type: 'Gaze', channels: gaze });
  return streams;
}

/**
 * Horizontal and vertical angle of the eyes' mean direction. Versions before 2.0 don't write them; they are then
 * computed from the direction of each eye as OpenFace does: atan2(x, -z), atan2(y, -z) of the mean.
 */
function gazeAngles(names: readonly string[]): TableChannel[] {
  return (['x', 'y'] as const).flatMap((axis): TableChannel[] => {
    const channel = { label: axis, unit: 'deg', type: 'gaze' };
    const angle = names.indexOf(`gaze_angle_${axis}`);
    if (angle >= 0)
      return [{ ...channel, columns: [angle], value: (cells) => numberIn(cells[angle]) * degrees }];
    const along = [0, 1].map((eye) => names.indexOf(`gaze_${eye}_${axis}`));
    const depth = [0, 1].map((eye) => names.indexOf(`gaze_${eye}_z`));
    const columns = [...along, ...depth];
    if (columns.includes(-1)) return [];
    const sum = (cells: readonly string[], two: readonly number[]) =>
      numberIn(cells[two[0]]) + numberIn(cells[two[1]]);
    return [
      { ...channel, columns, value: (cells) => Math.atan2(sum(cells, along), -sum(cells, depth)) * degrees },
    ];
  });
}
