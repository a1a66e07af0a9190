import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../src/core/event.js';
import type { FeatureVector } from '../../src/core/features.js';
import type { StreamMessage } from '../../src/core/signal.js';
import type { Pipeline } from '../../src/pipeline/file/pipeline.js';
import { findPipeline } from '../../src/pipeline/file/shipped-pipelines.js';
import type { GraphOutput } from '../../src/pipeline/session/graph-output.js';
import { changedNodes } from '../../src/pipeline/session/kept-nodes.js';
import { SessionGraph } from '../../src/pipeline/session/session-graph.js';
import { eventfulSession } from './eventful-session.js';
import { live, modelsOf, others, pipelineOf, session } from './every-component.js';
import { bitsOf } from './stop-and-go.js';

const messages = live(session);

type Reload = readonly [time_s: number, to: Pipeline];

/** What a live session gives whose pipeline is replaced, each time before the first message from then on. */
function run(begin: Pipeline, reloads: readonly Reload[] = [], sent: readonly StreamMessage[] = messages) {
  const outputs: GraphOutput[] = [];
  const events: SessionEvent[] = [];
  const make = (pipeline: Pipeline) =>
    new SessionGraph({
      ...{
        session: 's',
        pipeline,
        models: modelsOf(pipeline),
        ordered: false,
        monitor: true,
      },
      events: (event) => events.push(event),
      emit: (output) => outputs.push(output),
    });
  let graph = make(begin);
  const waiting = [...reloads];
  for (const message of sent) {
    while (waiting.length > 0 && message.kind === 'chunk' && message.chunk.times[0] >= waiting[0][0]) {
      const next = make(waiting.shift()![1]);
      next.takeOver(graph.snapshot());
      graph = next;
    }
    graph.push(message);
  }
  graph.end();
  return { outputs, events };
}

const physio = readFileSync(findPipeline('physio'), 'utf8');
const load = (text: string) => pipelineOf(text);

/** Lines of the node, or of all but those. */
function linesOf(outputs: readonly GraphOutput[], of: (node: string) => boolean): string[] {
  return outputs.flatMap((output) => (output.kind === 'features' && of(output.node) ? [bitsOf(output)] : []));
}

function vectorsOf(outputs: readonly GraphOutput[], node: string): FeatureVector[] {
  return outputs.flatMap((output) =>
    output.kind === 'features' && output.node === node ? [output.vector] : [],
  );
}

const told = ({ outputs, events }: ReturnType<typeof run>) => [outputs.map(bitsOf), events.map(bitsOf)];

describe('a pipeline that is replaced while a session runs', () => {
  it.each([
    ['others', others],
    ['physio', physio],
    ['default', readFileSync(findPipeline('default'), 'utf8')],
  ])('%s: what is the same goes on as if nothing had happened, whenever', (_, text) => {
    const pipeline = load(text);
    const same = load(`# mended\n${text}`);
    const whole = told(run(pipeline));
    // In a hole, while the gaze is stale, between two headsets, twice in a row, and while all is silent.
    const times = [0.1, 20.05, 31.9, 41.5, 41.6, 43.2, 66.5];
    expect(
      told(
        run(
          pipeline,
          times.map((time): Reload => [time, same]),
        ),
      ),
    ).toEqual(whole);
  });

  describe('by one with two changed nodes', () => {
    const changed = physio
      .replace('ecg_live: { type: mask, input: ecg }', 'ecg_live: { type: mask, input: ecg, rail_s: 0.2 }')
      .replace('features: [respiration], window_s: 4', 'features: [respiration], window_s: 5');
    const [before, after] = [load(physio), load(changed)];
    const touched = ['ecg_live', 'heart_ecg', 'breath'];
    const whole = run(before);
    const parts = run(before, [[27.3, after]]);

    it('leaves every other node as it was, bit by bit, at 100 s too', () => {
      const long = live(eventfulSession({ profile: 'epoc', duration_s: 104 }));
      const [plain, reloaded] = [run(before, [], long), run(before, [[100, after]], long)];
      const same = (node: string) => !touched.includes(node);
      expect(linesOf(plain.outputs, same).length).toBeGreaterThan(800);
      expect(linesOf(reloaded.outputs, same)).toEqual(linesOf(plain.outputs, same));
      expect(linesOf(reloaded.outputs, (node) => !same(node))).not.toEqual(
        linesOf(plain.outputs, (node) => !same(node)),
      );
    });

    it('leaves every other node as it was, bit by bit', () => {
      expect(changedNodes(before, after)).toEqual(touched);
      const same = (node: string) => !touched.includes(node);
      expect(linesOf(parts.outputs, same).length).toBeGreaterThan(400);
      expect(linesOf(parts.outputs, same)).toEqual(linesOf(whole.outputs, same));
      expect(parts.events).toEqual(whole.events);
    });

    it('gives empty cells of the changed ones until their windows are full, on the same grid', () => {
      const [own, was] = [parts, whole].map(({ outputs }) => vectorsOf(outputs, 'heart_ecg'));
      expect(own.map(({ time }) => time)).toEqual(was.map(({ time }) => time));
      const reasons = own.filter(({ time }) => time > 26 && time < 34).map(({ reason }) => reason);
      expect(reasons.slice(0, 5)).toEqual([null, 'warming-up', 'warming-up', 'warming-up', 'warming-up']);
      expect(own.at(-20)?.reason).toBeNull();
      expect(was[22].reason).toBeNull();
    });

    it('and back again, twice in the time that the old models have to end: the same', () => {
      const twice = run(before, [
        [27.3, after],
        [28.1, before],
        [28.9, after],
        [29.5, before],
      ]);
      const same = (node: string) => !touched.includes(node);
      expect(linesOf(twice.outputs, same)).toEqual(linesOf(whole.outputs, same));
      const last = vectorsOf(twice.outputs, 'breath').at(-1)!;
      expect(last.schema).toEqual(vectorsOf(whole.outputs, 'breath').at(-1)!.schema);
    });
  });

  it('takes a node for changed where anything before it is, its stream or the names of its channels too', () => {
    const changesOf = (text: string) => changedNodes(load(others), load(text));
    expect(changesOf(others)).toEqual([]);
    const eeg = ['eeg_live', 'eeg_quiet', 'eeg_100', 'eeg_features', 'eeg_smooth', 'eeg_rest', 'eeg_index'];
    expect(changesOf(others.replace('flat_s: 0.5', 'flat_s: 0.6'))).toEqual(eeg);
    expect(changesOf(others.replace('line_hz: 50', 'line_hz: 60'))).toEqual(eeg.slice(1));
    expect(changesOf(others.replaceAll('eeg_quiet', 'eeg_hum'))).toEqual(['eeg_hum', ...eeg.slice(2)]);
    const labelled = others.replace('eeg: { type: websocket, stream_type: EEG', '$&, labels: [Fp1, Fp2]');
    expect(changesOf(labelled)).toEqual(eeg);
    expect(changesOf(others.replace('motion: moved, most_g: 0.02', 'motion: moved, most_g: 0.03'))).toEqual([
      'pulse_still',
    ]);
    expect(changesOf(others.replace('moved: { type: extract, input: acc,', '$& window_s: 5,'))).toEqual([
      'moved',
      'pulse_still',
    ]);
  });

  it('binds the streams that are open to new sources, and says so; lost ones end', () => {
    const one = load(
      'sources:\n  ppg: { type: websocket, stream_type: PPG }\ntransforms:\n  p: { type: extract, input: ppg, features: [heart-rate] }\n',
    );
    const two = load(
      'sources:\n  eda: { type: websocket, stream_type: EDA }\n  pulse: { type: websocket, stream_type: PPG }\ntransforms:\n  p: { type: extract, input: pulse, features: [heart-rate] }\n  s: { type: extract, input: eda, features: [skin-conductance] }\n',
    );
    const { outputs, events } = run(one, [[20, two]]);
    const matched = events.filter(({ code }) => code === 'stream-matched').map(({ message }) => message);
    expect(matched.map((message) => /feeds (.*)/.exec(message)?.[1])).toEqual(['ppg', 'pulse', 'eda']);
    // The node has another source, and the same stream: it stays.
    const bare = (vectors: readonly FeatureVector[]) => vectors.map(({ values }) => bitsOf(values));
    expect(bare(vectorsOf(outputs, 'p'))).toEqual(bare(vectorsOf(run(one).outputs, 'p')));
    expect(vectorsOf(outputs, 's')[0].time).toBe(20.5);
  });
});
