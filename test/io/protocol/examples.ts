import type { MessageName } from '../../../src/io/protocol/schema.js';

const rpc = { jsonrpc: '2.0' };
const wallClock = { run: 'Zk3f9a2Q', time_unix: 1_760_000_004.25, age_ms: 12.5 };

/** A message of each kind, as the contract writes them. */
export const examples: Readonly<Record<MessageName, readonly object[]>> = {
  subscribe: [
    { ...rpc, id: 1, method: 'subscribe', params: { streams: ['affect'], session: '*', policy: 'latest' } },
    { ...rpc, id: 'a', method: 'subscribe', params: { streams: ['affect', 'quality'] } },
    {
      ...rpc,
      id: 2,
      method: 'subscribe',
      params: {
        streams: ['affect', 'features'],
        session: 's1',
        nodes: ['affect', 'eeg_de'],
        after: { run: 'Zk3f9a2Q', affect: 41, eeg_de: 82 },
      },
    },
  ],
  subscribeResponse: [
    {
      ...rpc,
      id: 1,
      result: {
        success: [{ stream: 'affect', session: '*', policy: 'latest' }],
        failure: [{ stream: 'mood', code: 'unknown-stream-name', message: "no stream 'mood'" }],
      },
    },
    {
      ...rpc,
      id: 2,
      result: {
        success: [{ stream: 'affect', session: 's1', policy: 'buffer', nodes: ['affect'] }],
        failure: [],
      },
    },
  ],
  unsubscribe: [{ ...rpc, id: 2, method: 'unsubscribe', params: { streams: ['affect'] } }],
  unsubscribeResponse: [
    { ...rpc, id: 2, result: { success: [{ stream: 'affect', session: '*' }], failure: [] } },
  ],
  affect: [
    {
      stream: 'affect',
      session: 's1',
      node: 'affect',
      seq: 0,
      time: 4,
      window: [0, 4],
      valence: 0.12,
      arousal: -0.3,
      interval: { level: 0.9, valence: [-0.4, 0.6], arousal: [-0.8, 0.2] },
      modalities: {
        eeg: { present: true, coverage: 1, weight: 0.7 },
        eye: { present: false, coverage: 0, weight: 0, reason: 'absent' },
      },
      valid: true,
      reason: null,
      evidence: 'simulated',
      model: 'demo@sha256:00',
      pipeline: 'sha256:00',
      ...wallClock,
    },
    {
      stream: 'affect',
      session: 's1',
      node: 'affect',
      seq: 1,
      time: 5,
      window: [1, 5],
      valence: null,
      arousal: null,
      interval: null,
      modalities: { eeg: { present: true, coverage: 1, weight: 0 } },
      valid: false,
      reason: 'overloaded',
      evidence: 'simulated',
      model: 'demo@sha256:00',
      pipeline: 'sha256:00',
      ...wallClock,
    },
  ],
  quality: [
    {
      stream: 'quality',
      session: 's1',
      seq: 3,
      time: 4,
      inputs: {
        eeg: {
          name: 'headset',
          type: 'EEG',
          sfreq: 250,
          present: true,
          reason: null,
          channels: [
            {
              label: 'Fp1',
              coverage: 1,
              state: 'ok',
              quality: {
                flat: 0,
                railed: 0,
                line_50: 0.02,
                line_60: 0,
                high_frequency: 0.1,
                amplitude: null,
              },
            },
          ],
        },
      },
      ...wallClock,
    },
  ],
  features: [
    {
      stream: 'features',
      session: 's1',
      node: 'eeg_de',
      seq: 3,
      time: 4,
      window: [0, 4],
      input: 'eeg',
      features: [{ channel: 'Fp1', feature: 'de_alpha', unit: 'nat' }],
      values: [1.25],
      ...wallClock,
    },
  ],
  indices: [
    {
      stream: 'indices',
      session: 's1',
      node: 'body_index',
      seq: 60,
      time: 64,
      window: [60, 64],
      indices: [
        { channel: 'pupil', feature: 'pupil_mean', value: 1.5, reason: null },
        { channel: 'skin', feature: 'scr_rate', value: null, reason: 'resting' },
      ],
      ...wallClock,
    },
  ],
  truth: [
    {
      stream: 'truth',
      session: 's1',
      seq: 0,
      time: 4.5,
      valence: 0.1,
      arousal: null,
      ...wallClock,
    },
  ],
  markers: [
    {
      stream: 'markers',
      session: 's1',
      seq: 0,
      time: 5,
      source: 'experiment',
      text: 'film "A"',
      ...wallClock,
    },
  ],
  session: [
    {
      ...{ stream: 'session', session: 's1', seq: 0, zero: 100.25, zero_unix: 1_760_000_000.25 },
      ...{ recording: [], ...wallClock },
    },
  ],
  sys: [
    {
      stream: 'sys',
      session: 's1',
      seq: 0,
      time: null,
      event: {
        code: 'stream-stale',
        level: 'warn',
        message: 'eeg is stale',
        stream: 'eeg',
        details: { after_s: 0.5 },
      },
      ...wallClock,
    },
  ],
  signals: [
    {
      ...{ stream: 'signals', session: 's1', seq: 0, time: null, zero: null, kind: 'open', id: 'headset' },
      info: {
        name: 'headset',
        type: 'EEG',
        source_id: '',
        sfreq: 250,
        channels: [{ label: 'Fp1', unit: 'uV', type: 'EEG' }],
        aligned: 'clock',
      },
      ...wallClock,
    },
    {
      ...{ stream: 'signals', session: 's1', seq: 1, time: 4, zero: 100.5, kind: 'samples', id: 'headset' },
      times: [104.5, 104.504],
      data: [[12.5], [null]],
      gap_before: false,
      ...wallClock,
    },
    {
      ...{ stream: 'signals', session: 's1', seq: 2, time: 4, zero: 100.5, kind: 'samples', id: 'cues' },
      times: [104.5],
      data: [['stimulus']],
      ...wallClock,
    },
    {
      stream: 'signals',
      session: 's1',
      seq: 3,
      time: null,
      zero: 100.5,
      kind: 'close',
      id: 'cues',
      ...wallClock,
    },
  ],
  dropped: [{ ...rpc, method: 'dropped', params: { stream: 'affect', session: 's1', count: 2, total: 5 } }],
  alive: [{ ...rpc, method: 'alive' }],
  open: [
    {
      ...rpc,
      id: 1,
      method: 'open',
      params: {
        session: 's1',
        client: 'lab-pc',
        stream: {
          name: 'headset',
          type: 'EEG',
          sfreq: 250,
          channels: [{ label: 'Fp1', unit: 'uV', type: 'EEG' }, 'Fp2'],
          clock: 'unix',
          line_frequency_hz: 50,
          reference: 'Cz',
        },
      },
    },
    {
      ...rpc,
      id: 2,
      method: 'open',
      params: {
        stream: { name: 'gaze', type: 'Gaze', sfreq: 0, channels: ['left_x', 'left_y'] },
        screen: {
          width_px: 1920,
          height_px: 1080,
          width_m: 0.53,
          height_m: 0.3,
          distance_m: 0.6,
          origin: 'top-left',
        },
      },
    },
  ],
  openResponse: [
    {
      ...rpc,
      id: 1,
      result: {
        stream: 0,
        session: 's1',
        last_seq: null,
        resumed: false,
        limits: {
          max_frame_bytes: 1,
          max_samples: 1,
          max_json_values: 1,
          max_markers: 1,
          max_gaps: 1,
          max_channels: 1,
          max_streams: 1,
          max_session_streams: 1,
          max_daemon_streams: 1,
          max_sessions: 1,
          frames_per_s: 1,
          grace_s: 0,
        },
      },
    },
  ],
  push: [
    { ...rpc, method: 'push', params: { stream: 0, seq: 0, t0: 0, data: [[1, null]] } },
    { ...rpc, id: 9, method: 'push', params: { stream: 0, seq: 1, times: [0.5], data: [['go']] } },
  ],
  pushResponse: [{ ...rpc, id: 9, result: { stream: 0, seq: 1 } }],
  ack: [{ ...rpc, method: 'ack', params: { stream: 0, seq: 1 } }],
  nack: [{ ...rpc, method: 'nack', params: { stream: 0, seq: 1, code: 'disk-full', held: true } }],
  skip: [{ ...rpc, id: 7, method: 'skip', params: { stream: 0, from: 1, to: 4 } }],
  skipResponse: [{ ...rpc, id: 7, result: { stream: 0, to: 4 } }],
  close: [{ ...rpc, id: 3, method: 'close', params: { stream: 0 } }],
  closeResponse: [{ ...rpc, id: 3, result: { stream: 0 } }],
  error: [
    {
      ...rpc,
      id: null,
      error: {
        code: -32012,
        message: 'frame 5 came',
        data: { code: 'seq-gap', stream: 0, seq: 5, expected: 3 },
      },
    },
  ],
};

/** Messages that no schema may let through. */
export const counterexamples: Readonly<Partial<Record<MessageName, readonly object[]>>> = {
  subscribe: [
    { ...rpc, id: 1, method: 'subscribe', params: { streams: [] } },
    { ...rpc, id: 1, method: 'subscribe', params: { streams: ['affect'], policy: 'all' } },
    { id: 1, method: 'subscribe', params: { streams: ['affect'] } },
    {
      ...rpc,
      id: 1,
      method: 'subscribe',
      params: { streams: ['affect'], session: 's1', after: { run: 'x', affect: 'y' } },
    },
    {
      ...rpc,
      id: 1,
      method: 'subscribe',
      params: { streams: ['affect'], session: 's1', after: { affect: 1 } },
    },
  ],
  affect: [
    { ...examples.affect[0], valence: 1.5 },
    { ...examples.affect[0], reason: 'because' },
    { ...examples.affect[0], evidence: 'proven' },
    { ...examples.affect[0], window: [0] },
  ],
  open: [
    {
      ...rpc,
      id: 1,
      method: 'open',
      params: { stream: { name: 'x', type: 'EEG', sfreq: -1, channels: ['a'] } },
    },
    { ...rpc, id: 1, method: 'open', params: { stream: { name: 'x', type: 'EEG', sfreq: 1, channels: [] } } },
  ],
  push: [{ ...rpc, method: 'push', params: { stream: 70_000, seq: 0, t0: 0, data: [[1]] } }],
  ack: [{ ...rpc, method: 'ack', params: { stream: 0, seq: -1 } }],
  nack: [{ ...rpc, method: 'nack', params: { stream: 0, seq: 1, code: 'tired', held: true } }],
  skip: [{ ...rpc, id: 7, method: 'skip', params: { stream: 0, from: 1 } }],
  skipResponse: [{ ...rpc, id: 7, result: { stream: 0 } }],
};
