import { expect, it } from 'vitest';
import type { ModalityInput } from '../../../src/core/model.js';
import { Random } from '../../../src/core/random.js';
import { type Chunk, isMeasured, type StreamInfo } from '../../../src/core/signal.js';
import { checkPipeline } from '../../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../../src/pipeline/file/document.js';
import { lineageOf } from '../../../src/pipeline/file/lineage.js';
import type { Pipeline } from '../../../src/pipeline/file/pipeline.js';
import type { GraphOutput } from '../../../src/pipeline/session/graph-output.js';
import { SessionGraph } from '../../../src/pipeline/session/session-graph.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';

const text = `
sources:
  eeg: { type: websocket, stream_type: EEG, labels: [Fp1] }
  temp: { type: websocket, stream_type: TEMP, optional: true }
transforms:
  slow: { type: resample, input: eeg, sfreq_hz: 100 }
  clean: { type: bandpass, input: slow, low_hz: 2, high_hz: 40 }
  de: { type: extract, input: clean, features: [differential-entropy], window_s: 2, hop_s: 0.5 }
  z: { type: normalize, input: de, min_s: 1 }
  skin: { type: extract, input: temp, features: [skin-temperature], window_s: 2, hop_s: 0.5 }
models:
  brain: { type: hi-moe, path: nowhere, inputs: { eeg: z } }
  both: { type: hi-moe, path: nowhere, inputs: { eeg: z, skin: skin } }
`;

function pipelineOf(yaml: string): Pipeline {
  const { pipeline, problems } = checkPipeline(new PipelineDocument('test.yaml', yaml));
  if (!pipeline) throw new Error(JSON.stringify(problems));
  return pipeline;
}
const pipeline = pipelineOf(text);
const features = (channel: string, feature: string, unit: string): ModalityInput => ({
  ...{ kind: 'features', upstream: '', features: [{ channel, feature, unit }] },
});
const models = new Map([
  ['brain', new Map([['eeg', features('Fp1', 'de_alpha', 'nat')]])],
  [
    'both',
    new Map([
      ['eeg', features('Fp1', 'de_alpha', 'nat')],
      ['skin', features('hand', 'temp_mean', 'degC')],
    ]),
  ],
]);

const eeg = streamInfo({ type: 'EEG', sfreq: 200, labels: ['#1'], unit: 'uV' });
const temp = streamInfo({ type: 'TEMP', sfreq: 10, labels: ['hand'], unit: 'degC' });
const annotation = streamInfo({ type: 'Annotation', sfreq: 10, labels: ['valence', 'arousal'], unit: '' });
const simulated = (info: StreamInfo): StreamInfo => ({ ...info, simulated: true });

/** One second of a stream. */
function second(info: StreamInfo, from: number): Chunk {
  const random = new Random(`${info.id} ${from}`);
  const row = () => Float64Array.from({ length: info.sfreq }, () => Math.tanh(random.gaussian()));
  return chunkOf(info, info.channels.map(row), from);
}

function graphOf(served: Pipeline = pipeline) {
  const outputs: GraphOutput[] = [];
  const graph = new SessionGraph({
    ...{ session: 's', pipeline: served, models, ordered: false, monitor: true },
    events: () => {},
    emit: (output) => outputs.push(output),
  });
  const play = (info: StreamInfo, from: number, to: number): void => {
    for (let t = from; t < to; t++) graph.push({ kind: 'chunk', chunk: second(info, t) });
  };
  /** Of each model, whether its frames from `from` s on are simulated. */
  const told = (from: number) => {
    const of = (model: string) => [
      ...new Set(
        outputs.flatMap((o) =>
          o.kind === 'frame' && o.model === model && o.time >= from ? [o.simulated] : [],
        ),
      ),
    ];
    return { brain: of('brain'), both: of('both') };
  };
  return { graph, outputs, play, told };
}

it('names everything that a model’s values come from', () => {
  const lineage = lineageOf(pipeline);
  expect([...lineage.get('brain')!].sort()).toEqual(['brain', 'clean', 'de', 'eeg', 'slow', 'z']);
  expect([...lineage.get('both')!]).toEqual(expect.arrayContaining(['z', 'skin', 'temp', 'eeg']));
});

it('a simulated stream marks what it feeds, through new labels and another rate, and nothing else', () => {
  const { graph, outputs, play, told } = graphOf();
  for (const info of [eeg, simulated(temp)]) graph.push({ kind: 'open', info });
  for (let t = 0; t < 4; t++) for (const info of [eeg, simulated(temp)]) play(info, t, t + 1);
  expect(told(0)).toEqual({ brain: [false], both: [true] });
  const marks = outputs.flatMap((o) => (o.kind === 'features' ? [`${o.node} ${o.simulated}`] : []));
  expect(new Set(marks)).toEqual(new Set(['de false', 'skin true']));

  const other = graphOf();
  for (const info of [simulated(eeg), temp]) other.graph.push({ kind: 'open', info });
  for (let t = 0; t < 4; t++) for (const info of [simulated(eeg), temp]) other.play(info, t, t + 1);
  expect(other.told(0)).toEqual({ brain: [true], both: [true] });
});

it('a simulated stream that joins late marks what comes after it, and a headset in its place does not undo it', () => {
  const { graph, play, told } = graphOf();
  graph.push({ kind: 'open', info: eeg });
  play(eeg, 0, 4);
  graph.push({ kind: 'open', info: simulated(temp) });
  for (let t = 4; t < 8; t++) for (const info of [simulated(temp), eeg]) play(info, t, t + 1);
  expect(told(0).both[0]).toBe(false);
  expect(told(5)).toEqual({ brain: [false], both: [true] });
  graph.push({ kind: 'close', id: temp.id });
  graph.push({ kind: 'open', info: { ...temp, id: 'real' } });
  for (let t = 8; t < 12; t++) for (const info of [{ ...temp, id: 'real' }, eeg]) play(info, t, t + 1);
  expect(told(9)).toEqual({ brain: [false], both: [true] });
});

it('a pipeline that is reloaded remembers what a simulator taught the nodes that stay, and no others', () => {
  const { graph, play } = graphOf();
  graph.push({ kind: 'open', info: simulated(eeg) });
  play(simulated(eeg), 0, 4);
  graph.push({ kind: 'close', id: eeg.id });
  const real = { ...eeg, id: 'real' };
  graph.push({ kind: 'open', info: real });
  play(real, 4, 6);
  const state = structuredClone(graph.snapshot());
  const reloaded = (own: Pipeline) => {
    const next = graphOf(own);
    next.graph.takeOver(state);
    next.play(real, 6, 10);
    return next.told(6).brain;
  };
  expect(
    reloaded(pipelineOf(text.replace('skin: { type', 'hand: { type').replace('skin: skin', 'skin: hand'))),
  ).toEqual([true]);
  expect(reloaded(pipelineOf(text.replace('sfreq_hz: 100', 'sfreq_hz: 125')))).toEqual([false]);
});

it('what was told changes no bit of what is predicted: neither its first stamp, nor its silence, nor its end', () => {
  const run = (withTruth: boolean) => {
    const { graph, outputs, play } = graphOf();
    const truth = (from: number, to: number) => withTruth && play(annotation, from, to);
    if (withTruth) graph.push({ kind: 'open', info: annotation });
    truth(-3, 0);
    for (const info of [eeg, temp]) graph.push({ kind: 'open', info });
    // It comes behind, then runs ahead by more than what streams are waited for.
    for (let t = 0; t < 4; t++) {
      for (const info of [eeg, temp]) play(info, t, t + 1);
      truth(t, t + 1);
    }
    truth(4, 60);
    for (let t = 4; t < 6; t++) for (const info of [eeg, temp]) play(info, t, t + 1);
    if (withTruth) graph.push({ kind: 'close', id: annotation.id });
    for (let t = 6; t < 9; t++) for (const info of [eeg, temp]) play(info, t, t + 1);
    graph.end();
    return outputs;
  };
  const [told, untold] = [run(true), run(false)];
  const bits = (outputs: readonly GraphOutput[]) =>
    outputs
      .filter(({ kind }) => kind !== 'truth')
      .map((output) =>
        JSON.stringify(output, (_, v) =>
          ArrayBuffer.isView(v) ? [...(v as Float64Array)] : v instanceof Map ? [...v] : v,
        ),
      );
  expect(untold.filter(({ kind }) => kind === 'frame').length).toBeGreaterThan(20);
  expect(bits(told)).toEqual(bits(untold));
  // Stamps before the first sample wait for it, and are before it.
  const truths = told.flatMap((output) => (output.kind === 'truth' ? [output.time] : []));
  expect(truths[0]).toBe(-3);
  expect(truths).toHaveLength(630);
  expect(isMeasured(annotation)).toBe(false);
});
