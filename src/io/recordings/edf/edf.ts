import type { RecordingFormat } from '../recording.js';
import { EdfRecording, type EdfVariant, isEdfHeader } from './edf-recording.js';

/**
 * EDF and EDF+ (Kemp & Olivan 2003, https://www.edfplus.info/specs/): records of int16 samples, continuous or, in
 * EDF+D, with gaps that each record's onset tells. Annotations become markers.
 */
export const edf: RecordingFormat = {
  name: 'EDF',
  recognise(path, head) {
    if (!head) return 0;
    if (isEdfHeader(head, /^0 {7}$/)) return 2;
    return /\.edf$/i.test(path) ? 1 : 0;
  },
  open: async (path) => EdfRecording.open(path, variant),
};

const variant: EdfVariant = {
  name: 'EDF',
  width: 2,
  decode: (bytes) => new Int16Array(bytes.buffer),
  isStatus: () => false,
};
