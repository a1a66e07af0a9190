import { describe, expect, it } from 'vitest';
import type { StreamMessage } from '../../../src/core/signal.js';
import { ContactQuality } from '../../../src/pipeline/session/contact-quality.js';
import type { InputStatus } from '../../../src/pipeline/session/graph-output.js';
import { SessionGraph } from '../../../src/pipeline/session/session-graph.js';
import { canonicalChunk, canonicalStream } from '../../../src/signal/dialects/canonical-stream.js';
import { simulateSession } from '../../../src/simulation/session.js';
import { chunkOf } from '../../../src/testing/stream-fixtures.js';
import { loadShipped } from '../shipped.js';

const declared = (name: string, type: string, labels: readonly string[]) => ({
  id: name,
  name,
  type,
  sourceId: '',
  sfreq: 2,
  channels: labels.map((label) => ({ label, unit: '', type: '' })),
});
const streamOf = (name: string, labels: readonly string[]) =>
  canonicalStream(declared(name, 'Contact-Quality', labels)).info;

const told = (name: string, labels: readonly string[], values: readonly number[]) => {
  const info = streamOf(name, labels);
  const contacts = ContactQuality.of(info)!;
  contacts.push(
    chunkOf(
      info,
      values.map((v) => [v]),
      0,
    ),
  );
  return Object.fromEntries(contacts.at(1));
};

describe('ContactQuality', () => {
  it("reads Emotiv's grades and Muse's horseshoe and isgood as 0 to 1", () => {
    const emotiv = told('EmotivDataStream-Contact-Quality', ['AF3', 'T7', 'Pz', 'Overall'], [4, 1, 0, 87]);
    expect(emotiv).toEqual({ AF3: 1, T7: 0.25, Pz: 0, Overall: 1 });
    expect(told('export', ['CQ_AF3', 'CQ_T7'], [2, 3])).toEqual({ AF3: 0.5, T7: 0.75 });
    expect(told('Muse horseshoe', ['TP9', 'AF7', 'AF8', 'TP10'], [1, 2, 4, 3])).toEqual({
      TP9: 1,
      AF7: 0.5,
      AF8: 0,
      TP10: 0,
    });
    expect(told('mind monitor', ['HSI_TP9', 'HSI_AF7'], [1, 4])).toEqual({ TP9: 1, AF7: 0 });
    expect(told('Muse isgood', ['TP9', 'AF7'], [1, 0])).toEqual({ TP9: 1, AF7: 0 });
  });

  it('is no business of other streams', () => {
    expect(ContactQuality.of(streamOf('EmotivDataStream-Motion', ['GYROX']))).toBeNull();
    expect(ContactQuality.of(canonicalStream(declared('x', 'EEG', ['AF3', 'CQ'])).info)).toBeNull();
  });

  it('tells what came before a time and not too long before it', () => {
    const info = streamOf('EmotivDataStream-EEG-Quality', ['AF3']);
    const contacts = ContactQuality.of(info)!;
    contacts.push(chunkOf(info, [[4, 2, Number.NaN]], 0));
    expect(contacts.at(0).get('AF3')).toBeUndefined();
    expect(contacts.at(0.5).get('AF3')).toBe(1);
    expect(contacts.at(1).get('AF3')).toBe(0.5);
    expect(contacts.at(1.5).get('AF3')).toBeUndefined();
    contacts.push(chunkOf(info, [[4]], 2));
    expect(contacts.at(6.9).get('AF3')).toBe(1);
    expect(contacts.at(7.1).get('AF3')).toBeUndefined();
  });

  it('stands beside the electrodes in the quality of a session, the least of what is told', async () => {
    const inputs: ReadonlyMap<string, InputStatus>[] = [];
    const graph = new SessionGraph({
      session: 's',
      pipeline: await loadShipped('epoc'),
      models: new Map(),
      ordered: true,
      monitor: true,
      events: () => {},
      emit: (output) => {
        if (output.kind === 'closed') inputs.push(output.inputs);
      },
    });
    const contacts = ['EmotivDataStream-Contact-Quality', 'EmotivDataStream-EEG-Quality'].map((name) =>
      canonicalStream(declared(name, 'Contact-Quality', ['AF3', 'T7'])),
    );
    const told: StreamMessage[] = contacts.map((stream, s) => {
      const times = Float64Array.from({ length: 12 }, (_, i) => i / 2);
      const samples = Array.from(times, () => [4, s === 0 ? 3 : 1]).flat();
      return { kind: 'chunk', chunk: canonicalChunk(stream, samples, 'samples', times, false) };
    });
    for (const { info } of contacts) graph.push({ kind: 'open', info });
    for (const message of told) graph.push(message);
    const session = { profile: 'epoc', seed: 'contact', duration_s: 6, only: ['eeg'] } as const;
    for (const message of simulateSession(session)) graph.push(message);
    graph.end();
    const channels = new Map(
      inputs
        .at(-1)!
        .get('eeg')!
        .channels.map((channel) => [channel.label, channel]),
    );
    expect(channels.get('AF3')!.contact).toBe(1);
    expect(channels.get('T7')!.contact).toBe(0.25);
    expect(channels.get('O1')).not.toHaveProperty('contact');
  });
});
