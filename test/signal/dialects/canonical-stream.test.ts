import { describe, expect, it } from 'vitest';
import { channelOf } from '../../../src/core/signal.js';
import {
  canonicalChunk,
  canonicalStream,
  canonicalStreams,
} from '../../../src/signal/dialects/canonical-stream.js';
import type { RawStreamDeclaration } from '../../../src/signal/dialects/raw-stream.js';

const declare = (
  part: Partial<Omit<RawStreamDeclaration, 'channels'>>,
  channels: readonly (readonly [label: string, unit?: string, type?: string])[],
): RawStreamDeclaration => ({
  id: 's',
  name: 'device',
  type: '',
  sourceId: '',
  sfreq: 100,
  ...part,
  channels: channels.map(([label, unit = '', type = '']) => ({ label, unit, type })),
});

describe('canonicalStreams', () => {
  it.each([
    ['eeg', 'EEG'],
    ['eyetracker', 'Gaze'],
    ['eye-tracking', 'Gaze'],
    ['GSR', 'EDA'],
    ['bvp', 'PPG'],
    ['SKT', 'TEMP'],
    ['EKG', 'ECG'],
    ['Accelerometer', 'ACC'],
    ['Heart Rate', 'HR'],
    ['StringMarkers', 'Markers'],
    ['Annotations', 'Annotation'],
    ['data', 'Other'],
  ])('type %j is %s', (type, canonical) => {
    expect(canonicalStream(declare({ type }, [['x']])).info.type).toBe(canonical);
  });

  it('takes text for markers whatever the declared type', () => {
    expect(canonicalStream(declare({ type: 'control', text: true }, [['']])).info.type).toBe('Markers');
  });

  it('separates a Muse EEG stream from its AUX input', () => {
    const [eeg, aux, ...rest] = canonicalStreams(
      declare({ type: 'EEG', name: 'Muse', sfreq: 256 }, [
        ['TP9', 'microvolts', 'eeg'],
        ['AF7', 'microvolts', 'eeg'],
        ['AF8', 'microvolts', 'eeg'],
        ['TP10', 'microvolts', 'eeg'],
        ['AUX_RIGHT', 'microvolts', 'eeg'],
      ]),
    );
    expect(rest).toEqual([]);
    expect(eeg.info).toMatchObject({ id: 's', type: 'EEG', sfreq: 256 });
    expect(eeg.info.channels.map((c) => [c.label, c.unit])).toEqual(
      ['TP9', 'AF7', 'AF8', 'TP10'].map((l) => [l, 'uV']),
    );
    expect(aux.info).toMatchObject({ id: 's/other', type: 'Other' });
    expect([...aux.keep]).toEqual([4]);
  });

  it('knows that the OpenBCI GUI sends microvolts, and leaves its channels unnamed', () => {
    const stream = canonicalStream(
      declare({ type: 'EEG', name: 'obci_eeg1', sourceId: 'openbcigui' }, [[''], ['']]),
    );
    expect(stream.info.channels).toEqual(Array(2).fill({ label: '', unit: 'uV', type: 'EEG' }));
    expect(stream.notes.map((n) => n.code)).toEqual(['channels-unlabelled']);
  });

  it('reports which labels it understood how, and which have no place on the scalp', () => {
    const labels = ['EEG FP1-Ref', 'T3', 'Cz', 'CB1'].map((label) => [label, 'uV'] as const);
    const [note, ...rest] = canonicalStream(declare({ type: 'EEG' }, labels)).notes;
    expect(rest).toEqual([]);
    expect(note).toMatchObject({
      code: 'channels-mapped',
      level: 'info',
      message: "stream 'device' (EEG): EEG FP1-Ref is Fp1; no place on the scalp is known for CB1",
      details: { mapped: 1, unplaced: 1, channels: 4 },
    });
    expect(canonicalStream(declare({ type: 'EEG' }, [['Cz', 'uV']])).notes).toEqual([]);
  });

  it('splits a typeless file by its labels', () => {
    const streams = canonicalStreams(
      declare({}, [
        ['EEG Fp1', 'uV'],
        ['EEG A2-A1', 'uV'],
        ['ECG ECG', 'mV'],
        ['ECG II', 'uV'],
        ['EOG VEOG_I', 'mV'],
        ['Temp rectal', 'degC'],
        ['DIG DTRIG', 'uV'],
        ['sine 1 Hz', 'uV'],
      ]),
    );
    expect(streams.map((s) => [s.info.id, ...s.info.channels.map((c) => `${c.label} ${c.unit}`)])).toEqual([
      ['s/eeg', 'Fp1 uV'],
      ['s/other', 'A2-A1 uV', 'DIG DTRIG uV', 'sine 1 Hz uV'],
      ['s/ecg', 'ECG mV', 'II mV'],
      ['s/eog', 'VEOG_I uV'],
      ['s/temp', 'rectal degC'],
    ]);
    expect([...streams[2].scale]).toEqual([1, 1e-3]);
  });

  it('keeps a stream whole when its type is not EEG', () => {
    const gaze = canonicalStreams(
      declare({ type: 'Gaze' }, [
        ['left_x', 'screencoords'],
        ['left_pupil', 'millimeters'],
        ['aux', ''],
      ]),
    );
    expect(gaze.map((s) => s.info.channels.map((c) => [c.label, c.unit]))).toEqual([
      [
        ['left_x', 'norm'],
        ['left_pupil', 'mm'],
        ['aux', ''],
      ],
    ]);
  });

  it('masks what it cannot convert, and says so', () => {
    const eda = canonicalStream(declare({ type: 'GSR' }, [['a', 'mmHg'], ['b', 'µS'], ['c'], ['d', 'kΩ']]));
    expect([...eda.scale]).toEqual([Number.NaN, 1, 1, 1000]);
    expect(eda.info.channels.map((c) => c.unit)).toEqual(['', 'uS', '', 'ohm']);
    expect(eda.notes.map((n) => n.details)).toEqual([
      { channels: 1, masked: false },
      { channels: 1, masked: true },
    ]);
  });
});

describe('canonicalChunk', () => {
  const stream = canonicalStream(
    declare({ type: 'TEMP' }, [
      ['wrist', 'degF'],
      ['room', 'K'],
    ]),
  );

  it('converts the same from both layouts', () => {
    const times = Float64Array.of(0, 1, 2);
    const bySample = canonicalChunk(stream, [32, 273.15, 50, 283.15, 212, 373.15], 'samples', times, false);
    const byChannel = canonicalChunk(stream, [32, 50, 212, 273.15, 283.15, 373.15], 'channels', times, false);
    expect(byChannel.data).toEqual(bySample.data);
    for (const c of [0, 1])
      for (const [i, celsius] of [0, 10, 100].entries())
        expect(channelOf(bySample, c)[i]).toBeCloseTo(celsius, 10);
  });

  it('takes only the channels of its part', () => {
    const [eeg] = canonicalStreams(declare({ type: 'EEG' }, [['Counter'], ['Fp1', 'mV'], ['Fp2', 'V']]));
    const chunk = canonicalChunk(eeg, [7, 1, 2, 8, 3, 4], 'samples', Float64Array.of(0, 0.01), true);
    expect([...chunk.data]).toEqual([1e3, 3e3, 2e6, 4e6]);
    expect(chunk.gapBefore).toBe(true);
  });
});
