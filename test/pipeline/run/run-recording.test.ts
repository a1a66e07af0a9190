import { map, type Observable } from 'rxjs';
import { describe, it } from 'vitest';
import type { StreamMessage } from '../../../src/core/signal.js';
import { checkPipeline } from '../../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../../src/pipeline/file/document.js';
import { Gate } from '../../../src/pipeline/run/gate.js';
import { type RunRecordingOptions, runRecording } from '../../../src/pipeline/run/run-recording.js';
import type { LoadedPipeline } from '../../../src/pipeline/run/run-session.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { marbles } from '../../setup/marbles.js';

const { pipeline } = checkPipeline(
  new PipelineDocument(
    'test.yaml',
    `
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 2, hop_s: 1 }
`,
  ),
);
const loaded: LoadedPipeline = { pipeline: pipeline!, runners: new Map() };
const info = streamInfo({ type: 'EEG', sfreq: 128, labels: ['Cz'], unit: 'uV' });
const second = (t: number): StreamMessage => ({
  kind: 'chunk',
  chunk: chunkOf(info, [Float64Array.from({ length: 128 }, (_, i) => Math.sin(t + i))], t),
});
const values = { o: { kind: 'open', info } as StreamMessage, a: second(0), b: second(1), c: second(2) };
const lines = { z: 'began', f: 'features', 2: '2', 3: '3' };

function run(messages$: Observable<StreamMessage>, options: Partial<RunRecordingOptions> = {}) {
  return messages$.pipe(
    runRecording(new Gate(), { session: 's', loaded, events: () => {}, features: true, ...options }),
    map((output) => (output.kind === 'closed' ? String(output.time) : output.kind)),
  );
}

describe('runRecording', () => {
  it('gives a window when what comes lies behind it, and the last ones at the end', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(run(cold('o-a-b---c---|', values))).toBe('--z-----(f2)(f3|)', lines);
    });
  });

  it('gives it as soon as its last sample is there in a recording that keeps the order of arrival', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('o-a-b---c---|', values);
      expectObservable(run(source, { inArrivalOrder: true })).toBe('--z-(f2)(f3)|', lines);
    });
  });

  it('of nothing is nothing, and never never ends', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(run(cold('--|', values))).toBe('--|');
      expectObservable(run(cold('-', values))).toBe('-');
      expectObservable(run(cold('o-', values))).toBe('-');
    });
  });

  it('passes an error on, and closes no window for it', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(run(cold('oa-b#', values))).toBe('-z--#', lines);
    });
  });

  it('lets go of its source when nobody listens any more', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('oa-b-c-|', values);
      expectObservable(run(source), '^-!').toBe('-z-', lines);
      expectSubscriptions(source.subscriptions).toBe('^-!');
    });
  });

  it('has a graph of its own for each subscriber', () => {
    marbles(({ cold, expectObservable }) => {
      const run$ = run(cold('oab|', values));
      expectObservable(run$).toBe('-z-(f2|)', lines);
      expectObservable(run$, '---^').toBe('----z-(f2|)', lines);
    });
  });
});
