import type { ModalityInput } from '../../src/core/model.js';
import type { Chunk, StreamMessage } from '../../src/core/signal.js';
import { discoverInputs } from '../../src/learn/examples/discover-inputs.js';
import { checkPipeline } from '../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../src/pipeline/file/document.js';
import type { Pipeline } from '../../src/pipeline/file/pipeline.js';
import { streamInfo } from '../../src/testing/stream-fixtures.js';
import { eventfulSession } from './eventful-session.js';

/** What no shipped pipeline has. */
export const others = `
sources:
  eeg: { type: websocket, stream_type: EEG }
  gaze: { type: websocket, stream_type: Gaze, stream_name: simulated eye tracker }
  free: { type: websocket, stream_type: Gaze, stream_name: irregular gaze }
  ppg: { type: websocket, stream_type: PPG }
  eda: { type: websocket, stream_type: EDA }
  emg: { type: websocket, stream_type: EMG }
  acc: { type: websocket, stream_type: ACC }
  again: { type: websocket, stream_type: EEG }
transforms:
  eeg_live: { type: mask, input: eeg, flat_s: 0.5 }
  eeg_quiet: { type: notch, input: eeg_live, line_hz: 50, harmonics: 1 }
  eeg_100: { type: resample, input: eeg_quiet, sfreq_hz: 100 }
  eeg_features:
    type: extract
    input: eeg_100
    features: [seed-differential-entropy, band-variance, physiological]
    window_s: 2
    hop_s: 1.3
  eeg_smooth: { type: smooth, input: eeg_features, method: mean, windows: 4 }
  eeg_rest: { type: subtract-baseline, input: eeg_smooth, span_s: 15 }
  eeg_index:
    type: rest-index
    input: eeg_features
    from_marker: rest
    to_marker: end of rest
    span_s: 30
  again_raw: { type: window, input: again, window_s: 1, hop_s: 0.5 }
  gaze_device:
    type: extract
    input: gaze
    features: [{ name: eye-movement, events: device }, pupil-statistics]
    window_s: 3
    hop_s: 1
  free_dark: { type: subtract-luminance, input: free, calibration_s: 10 }
  free_events: { type: extract, input: free_dark, features: [eye-movement, gaze-statistics, physiological], hop_s: 1 }
  free_device: { type: extract, input: free, features: [{ name: eye-movement, events: device }], hop_s: 1 }
  free_z: { type: normalize, input: free_events, mode: center, min_s: 5 }
  free_raw: { type: window, input: free_dark, window_s: 1, hop_s: 0.3 }
  constructor: { type: extract, input: ppg, features: [heart-rate, heart-rate-variability, physiological], hop_s: 1 }
  moved: { type: extract, input: acc, features: [motion], hop_s: 1 }
  pulse_still: { type: mask-motion, input: constructor, motion: moved, most_g: 0.02 }
  skin: { type: extract, input: eda, features: [skin-conductance-response, physiological], hop_s: 1 }
  muscle: { type: extract, input: emg, features: [muscle-activity, signal-quality], hop_s: 1 }
models:
  all:
    type: hi-moe
    path: nowhere
    inputs: { eeg: eeg_rest, again: again_raw, eye: free_z, device: free_device, pulse: pulse_still, skin: skin, muscle: muscle }
`;

export function pipelineOf(text: string): Pipeline {
  const { pipeline, problems } = checkPipeline(new PipelineDocument('others.yaml', text));
  if (!pipeline) throw new Error(problems.map(({ message }) => message).join('\n'));
  return pipeline;
}

const faults = [
  'gap:eeg@20-20.1,drop:gaze@30-33,drop:ecg@16-17,gap:ppg@22-22.04,gap:eda@25-25.5,drop:acc@50-52',
  'nan:EEG.F7@12-15,flat:EEG.T7@18-24,rail:EEG.P8@33-35,nan:EEG.AF3@44-44.1',
  'flat:ppg@55-58,nan:ecg@40-40.5,noise:gaze@45-47,noise:acc@10-14',
].join(',');
const DURATION_S = 66;
export const session = eventfulSession({ profile: 'epoc', duration_s: DURATION_S, faults });

/** The messages up to `time`, and `more`. */
export function until(time: number, more = 0): readonly StreamMessage[] {
  const end = session.findIndex((m) => m.kind === 'chunk' && m.chunk.times[0] > time);
  return session.slice(0, end + more);
}

export function modelsOf(pipeline: Pipeline): ReadonlyMap<string, ReadonlyMap<string, ModalityInput>> {
  const models = [...pipeline.models.values()];
  return new Map(models.map((node) => [node.name, discoverInputs(pipeline, node, [until(8)])]));
}

/** The session as it might have come live: a headset leaves and another one comes in its place, and all falls silent. */
export function live(messages: readonly StreamMessage[]): StreamMessage[] {
  const ticks = streamInfo({ type: 'Ticks', sfreq: 0, labels: ['tick'], unit: '' });
  const tick = (time: number): StreamMessage => ({
    kind: 'chunk',
    chunk: { info: ticks, data: new Float64Array(1), times: Float64Array.of(time), gapBefore: false },
  });
  const fewer = ({ info, data, times, gapBefore }: Chunk): Chunk => ({
    info: { ...info, id: 'other cap', channels: info.channels.slice(3, 9) },
    data: data.slice(3 * times.length, 9 * times.length),
    times,
    gapBefore,
  });
  const changed = messages.flatMap((message): StreamMessage[] => {
    if (message.kind !== 'chunk' || message.chunk.info.id !== 'eeg') return [message];
    const [time] = message.chunk.times;
    if (time < 40) return [message];
    return time < 43 ? [{ kind: 'close', id: 'eeg' }] : [{ kind: 'chunk', chunk: fewer(message.chunk) }];
  });
  return [...changed, ...Array.from({ length: 20 }, (_, i) => tick(DURATION_S + i / 4))];
}
