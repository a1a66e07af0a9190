import { describe, expect, it } from 'vitest';
import type { StreamType } from '../../../src/core/signal.js';
import type { ChannelFormat } from '../../../src/io/lsl/channel-format.js';
import { channelsElement, declarationOf } from '../../../src/io/lsl/declaration.js';
import { createStreamInfo, formatInfo, parseInfo } from '../../../src/io/lsl/stream-info.js';
import { canonicalStreams } from '../../../src/signal/dialects/canonical-stream.js';

interface Device {
  readonly device: string;
  readonly name: string;
  readonly type: string;
  readonly sourceId?: string;
  readonly rate: number;
  readonly format?: ChannelFormat;
  /** `label unit`; null: the stream describes no channels. */
  readonly channels: readonly string[] | null;
  readonly count?: number;
  /** Canonical type to `label unit` of its channels. */
  readonly gives: Partial<Record<StreamType, readonly string[]>>;
}

const tobiiChannels = ['left_x screencoords', 'left_y screencoords', 'left_pupil mm', 'right_x screencoords'];

/** What the devices of docs/how-to/connect-over-lsl.md send, and what they become. */
const devices: readonly Device[] = [
  {
    device: 'Muse',
    name: 'Muse',
    type: 'EEG',
    rate: 256,
    channels: [
      'TP9 microvolts',
      'AF7 microvolts',
      'AF8 microvolts',
      'TP10 microvolts',
      'Right AUX microvolts',
    ],
    gives: { EEG: ['TP9 uV', 'AF7 uV', 'AF8 uV', 'TP10 uV'], Other: ['Right AUX uV'] },
  },
  {
    device: 'OpenBCI GUI',
    name: 'obci_eeg1',
    type: 'EEG',
    sourceId: 'openbcigui',
    rate: 250,
    channels: null,
    count: 2,
    gives: { EEG: [' uV', ' uV'] },
  },
  {
    device: 'Emotiv',
    name: 'EmotivDataStream-EEG',
    type: 'EEG',
    rate: 128,
    channels: [
      'Timestamp',
      'Counter',
      'Interpolate',
      'AF3 microvolts',
      'F7 microvolts',
      'HardwareMarker',
      'Markers',
    ],
    gives: {
      EEG: ['AF3 uV', 'F7 uV'],
      Other: ['Timestamp ', 'Counter ', 'Interpolate ', 'HardwareMarker ', 'Markers '],
    },
  },
  {
    device: 'Pupil Capture',
    name: 'pupil_capture',
    type: 'Gaze',
    rate: 0,
    format: 'double64',
    channels: ['confidence', 'norm_pos_x normalized', 'norm_pos_y normalized', 'diameter0_3d mm'],
    gives: { Gaze: ['confidence ', 'norm_pos_x norm', 'norm_pos_y norm', 'diameter0_3d mm'] },
  },
  {
    device: 'Tobii Pro',
    name: 'Tobii Pro Spectrum',
    type: 'Gaze',
    rate: 120,
    channels: tobiiChannels,
    gives: { Gaze: ['left_x norm', 'left_y norm', 'left_pupil mm', 'right_x norm'] },
  },
  {
    device: 'EyeLink',
    name: 'EyeLink',
    type: 'eyetracking',
    rate: 1000,
    channels: ['leftEyeX', 'leftEyeY', 'leftPupilArea'],
    gives: { Gaze: ['leftEyeX ', 'leftEyeY ', 'leftPupilArea '] },
  },
  {
    device: 'SMI',
    name: 'iViewNG',
    type: 'Gaze',
    rate: 0,
    channels: ['Screen_X_left pixels', 'Screen_Y_left pixels', 'Diameter_X_left pixels'],
    gives: { Gaze: ['Screen_X_left px', 'Screen_Y_left px', 'Diameter_X_left px'] },
  },
  ...(
    [
      ['BVP', 64, 'PPG', 'BVP '],
      ['GSR', 4, 'EDA', 'EDA uS'],
      ['Temp', 4, 'TEMP', 'TEMP degC'],
    ] as const
  ).map(
    ([type, rate, canonical, channel]): Device => ({
      device: `Empatica E4 ${type}`,
      name: `${type.toLowerCase()}`,
      type,
      rate,
      channels: null,
      gives: { [canonical]: [channel] },
    }),
  ),
  {
    device: 'Empatica E4 ACC',
    name: 'acc',
    type: 'ACC',
    rate: 32,
    format: 'int32',
    channels: null,
    count: 3,
    gives: { ACC: ['x g', 'y g', 'z g'] },
  },
  {
    device: 'a thermometer that is no E4',
    name: 'skin',
    type: 'Temp',
    rate: 4,
    channels: null,
    gives: { TEMP: [' '] },
  },
  {
    device: 'OpenSignals',
    name: 'OpenSignals',
    type: '00:07:80:8C:08:DF',
    rate: 1000,
    channels: ['nSeq', 'ECG mV', 'EDA uS', 'RESP'],
    gives: { ECG: ['ECG mV'], EDA: ['EDA uS'], RESP: ['RESP '], Other: ['nSeq '] },
  },
  {
    device: 'Shimmer',
    name: 'Shimmer',
    type: 'gsr_ppg',
    rate: 128,
    channels: ['GSR kOhm', 'PPG mV'],
    // Resistance is no conductance: the channel keeps it, and features of conductance convert it.
    gives: { EDA: ['GSR ohm'], PPG: ['PPG mV'] },
  },
];

describe('what devices send over LSL, through their own XML', () => {
  it.each(devices)('$device', ({ name, type, sourceId = '', rate, format, channels, count, gives }) => {
    const described = channels?.map((text) => {
      const at = text.lastIndexOf(' ');
      const hasUnit = /(microvolts|normalized|screencoords|pixels|mm|mV|uS|kOhm)$/.test(text);
      return { label: hasUnit ? text.slice(0, at) : text, unit: hasUnit ? text.slice(at + 1) : '', type: '' };
    });
    const info = createStreamInfo(
      {
        name,
        type,
        sourceId,
        nominalRate_hz: rate,
        channelCount: described?.length ?? count ?? 1,
        ...(format ? { channelFormat: format } : {}),
        description: described ? [channelsElement(described)] : [],
      },
      { createdAt: 0, sessionId: 'default' },
    );
    const received = parseInfo(formatInfo(info, 'full'));
    const got = canonicalStreams(declarationOf(received, name)).map(
      ({ info: stream }) =>
        [stream.type, stream.channels.map(({ label, unit }) => `${label} ${unit}`)] as const,
    );
    expect(Object.fromEntries(got)).toEqual(gives);
  });
});
