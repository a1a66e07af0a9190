import { headOf } from '../files/file-head.js';
import { stemOf } from '../files/stem.js';
import type { RecordingFormat } from '../recording.js';
import { numberIn, readRows, readTableHead, tableHead } from './delimited-text.js';
import { columnChannel, TableRecording } from './table-recording.js';

/**
 * LibreFace's CSV of a video (Chang et al. 2024, doi:10.1109/WACV57701.2024.00802; https://github.com/ihp-lab/LibreFace): intensities
 * 0..5 (`au_1_intensity`) and detections 0/1 (`au_1`) of action units, and the head's angles in degrees. Landmarks are left out.
 */
export const libreFace: RecordingFormat = {
  name: 'LibreFace',
  recognise(_path, head) {
    if (!head) return 0;
    const { names } = tableHead(head);
    return ['frame_idx', 'frame_time_in_ms'].every((name) => names.includes(name)) ? 2 : 0;
  },
  async open(path) {
    const head = await readTableHead(path, tableHead(headOf(path)));
    const time = head.names.indexOf('frame_time_in_ms');
    const stem = stemOf(path);
    const channels = head.names.flatMap((label, column) => {
      const isAngle = /^(pitch|yaw|roll)$/.test(label);
      if (!isAngle && !/^au_\d+(_intensity)?$/.test(label)) return [];
      return [columnChannel(column, { label, unit: isAngle ? 'deg' : '', type: isAngle ? 'pose' : 'face' })];
    });
    return TableRecording.open(path, {
      format: 'LibreFace',
      names: head.names,
      streams: [{ id: `${stem}/face`, name: stem, type: 'Face', sourceId: '', channels, holds: () => true }],
      rows: (problems) => readRows(path, head, problems),
      time: (cells) => numberIn(cells[time]) / 1000,
      zeroUnix: () => null,
    });
  },
};
