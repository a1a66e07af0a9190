import type { Channel, StreamType } from '../core/signal.js';
import { eyeChannels } from './eye.js';
import { muscleChannels } from './muscle.js';

export const profileNames = ['muse', 'epoc', 'seed62', 'deap32'] as const;
export type ProfileName = (typeof profileNames)[number];

/** Sensors that a profile can be reduced to: lower-case stream types. */
export const sensorNames = ['eeg', 'gaze', 'ecg', 'ppg', 'eda', 'temp', 'emg', 'acc'] as const;
export type SensorName = (typeof sensorNames)[number];

export interface SensorProfile {
  readonly type: StreamType;
  /** Stream name as devices send it. */
  readonly name: string;
  /** Whole hertz. */
  readonly sfreq_hz: number;
  readonly channels: readonly Channel[];
}

/** What somebody wears. */
export type Profile = Readonly<Record<SensorName, SensorProfile>>;

const one = (label: string, unit: string, type: string): readonly Channel[] => [{ label, unit, type }];

const electrodes = (labels: string): readonly Channel[] =>
  labels.split(' ').map((label) => ({ label, unit: 'uV', type: 'EEG' }));

interface Rates {
  readonly eeg: number;
  readonly body: number;
  readonly ppg: number;
  readonly eda: number;
  readonly emg: number;
}

function profile(device: string, labels: string, rates: Rates): Profile {
  const sensor = (type: StreamType, name: string, sfreq_hz: number, channels: readonly Channel[]) => ({
    type,
    name: `simulated ${name}`,
    sfreq_hz,
    channels,
  });
  return {
    eeg: sensor('EEG', device, rates.eeg, electrodes(labels)),
    gaze: sensor('Gaze', 'eye tracker', 60, eyeChannels),
    ecg: sensor('ECG', 'ECG', rates.body, one('II', 'mV', 'ECG')),
    ppg: sensor('PPG', 'PPG', rates.ppg, one('finger', 'norm', 'PPG')),
    eda: sensor('EDA', 'EDA', rates.eda, one('finger', 'uS', 'EDA')),
    temp: sensor('TEMP', 'skin temperature', 4, one('finger', 'degC', 'TEMP')),
    emg: sensor('EMG', 'facial EMG', rates.emg, muscleChannels),
    acc: sensor(
      'ACC',
      'acceleration',
      52,
      ['x', 'y', 'z'].map((label) => ({ label, unit: 'g', type: 'ACC' })),
    ),
  };
}

/** Order of the Neuroscan Quik-Cap of the SEED data sets. */
const SEED_LABELS =
  'Fp1 Fpz Fp2 AF3 AF4 F7 F5 F3 F1 Fz F2 F4 F6 F8 FT7 FC5 FC3 FC1 FCz FC2 FC4 FC6 FT8 T7 C5 C3 C1 Cz C2 C4 C6 T8 ' +
  'TP7 CP5 CP3 CP1 CPz CP2 CP4 CP6 TP8 P7 P5 P3 P1 Pz P2 P4 P6 P8 PO7 PO5 PO3 POz PO4 PO6 PO8 CB1 O1 Oz O2 CB2';

/** Order of DEAP's preprocessed files. */
const DEAP_LABELS =
  'Fp1 AF3 F3 F7 FC5 FC1 C3 T7 CP5 CP1 P3 P7 PO3 O1 Oz Pz Fp2 AF4 Fz F4 F8 FC6 FC2 Cz C4 T8 CP6 CP2 P4 P8 PO4 O2';

export const profiles: Readonly<Record<ProfileName, Profile>> = {
  muse: profile('Muse', 'TP9 AF7 AF8 TP10', { eeg: 256, body: 128, ppg: 64, eda: 4, emg: 256 }),
  epoc: profile('EPOC X', 'AF3 F7 F3 FC5 T7 P7 O1 O2 P8 T8 FC6 F4 F8 AF4', {
    eeg: 128,
    body: 128,
    ppg: 64,
    eda: 16,
    emg: 256,
  }),
  seed62: profile('62-channel cap', SEED_LABELS, { eeg: 200, body: 256, ppg: 64, eda: 32, emg: 256 }),
  deap32: profile('32-channel cap', DEAP_LABELS, { eeg: 128, body: 128, ppg: 128, eda: 64, emg: 128 }),
};
