import type { RecordingFormat } from '../recording.js';
import { EdfRecording, type EdfVariant, isEdfHeader } from './edf-recording.js';

/**
 * BDF (BioSemi, https://www.biosemi.com/faq/file_format.htm) and BDF+: EDF with int24 samples. The lower 16 bits of the
 * `Status` signal are the trigger inputs: where they change to another code than 0, that code is a marker.
 */
export const bdf: RecordingFormat = {
  name: 'BDF',
  recognise(path, head) {
    if (!head) return 0;
    if (isEdfHeader(head, /^\xffBIOSEMI$/)) return 2;
    return /\.bdf$/i.test(path) ? 1 : 0;
  },
  open: async (path) => EdfRecording.open(path, variant),
};

const variant: EdfVariant = {
  name: 'BDF',
  width: 3,
  decode: int24s,
  isStatus: (label) => /^status$/i.test(label),
};

function int24s(bytes: Uint8Array): Int32Array {
  const samples = new Int32Array(bytes.length / 3);
  for (let i = 0, at = 0; i < samples.length; i++, at += 3)
    samples[i] = bytes[at] | (bytes[at + 1] << 8) | ((bytes[at + 2] << 24) >> 8);
  return samples;
}
