import type { StreamType } from '../../core/signal.js';
import { streamTypes } from '../../core/signal.js';

/** Other names of the canonical types, as devices, scripts and file formats write them; letters and digits only. */
const synonyms: Readonly<Record<StreamType, readonly string[]>> = {
  EEG: ['eegdata', 'electroencephalogram'],
  Gaze: ['eye', 'eyes', 'eyetracking', 'eyetracker', 'eyegaze', 'gazedata', 'pupil'],
  ECG: ['ekg', 'electrocardiogram'],
  PPG: ['bvp', 'pulse', 'plet', 'pleth', 'plethysmogram', 'photoplethysmogram', 'bloodvolumepulse'],
  EDA: ['gsr', 'scl', 'skinconductance', 'electrodermal', 'electrodermalactivity', 'galvanicskinresponse'],
  TEMP: ['temperature', 'skt', 'skintemp', 'skintemperature'],
  EMG: ['electromyogram'],
  EOG: ['heog', 'veog', 'electrooculogram'],
  RESP: ['rsp', 'respiration', 'breathing', 'respitrace'],
  ACC: ['accel', 'accelerometer', 'acceleration'],
  GYRO: ['gyroscope', 'gyr'],
  HR: ['heartrate'],
  IBI: ['rr', 'rri', 'rrinterval', 'rrintervals', 'interbeatinterval'],
  Face: ['au', 'aus', 'actionunits', 'facialactionunits', 'facialexpression', 'openface'],
  Markers: ['marker', 'stringmarker', 'stringmarkers', 'event', 'events', 'trigger', 'triggers', 'stim'],
  Annotation: ['annotations'],
  Affect: [],
  Ticks: [],
  Other: ['misc', 'aux', 'ref', 'reference'],
};

const byName = new Map(
  streamTypes.flatMap((type) => [type.toLowerCase(), ...synonyms[type]].map((name) => [name, type] as const)),
);

/** The canonical type that `name` means (`eyetracker` is `Gaze`, `GSR` is `EDA`), or null. */
export function streamTypeNamed(name: string): StreamType | null {
  return byName.get(name.toLowerCase().replace(/[^a-z0-9]/g, '')) ?? null;
}
