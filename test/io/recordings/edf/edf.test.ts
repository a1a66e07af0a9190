import { describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/core/errors.js';
import type { Recording } from '../../../../src/io/recordings/recording.js';
import { annotations, type EdfFields, edfBytes } from '../edf-bytes.js';
import { expectMaskedPrefixes, expectOnlyInputErrors, openedText } from '../opened-text.js';
import { readRecording, samplesOf } from '../read-recording.js';

const opened = <T>(bytes: Uint8Array, use: (recording: Recording) => Promise<T>) =>
  openedText('r.edf', bytes, use);

const counting = (records: number, n: number, offset = 0) =>
  Array.from({ length: records }, (_, r) => Array.from({ length: n }, (_, i) => offset + r * n + i));

const file = (fields: Partial<EdfFields> & Pick<EdfFields, 'signals'>) => edfBytes(fields);

describe('edf', () => {
  it('calibrates, and puts each type and rate into a stream of its own', async () => {
    const bytes = file({
      signals: [
        { label: 'EEG Fp1-Ref', records: counting(3, 10) },
        { label: 'EEG FP2-Ref', records: counting(3, 10, 100) },
        { label: 'ECG II', unit: 'uV', records: counting(3, 10, 500) },
        {
          label: 'Temp rectal',
          unit: 'degC',
          physical: [34, 40],
          digital: [0, 600],
          records: counting(3, 2),
        },
      ],
    });
    await opened(bytes, async (recording) => {
      expect(recording.zero_unix_s).toBe(Date.UTC(2020, 3, 3, 9, 10, 11) / 1000);
      expect(
        recording.streams.map(({ info, samples, first, last }) => [
          info.type,
          info.sfreq,
          samples,
          first,
          last,
        ]),
      ).toEqual([
        ['EEG', 10, 30, 0, 2.9],
        ['ECG', 10, 30, 0, 2.9],
        ['TEMP', 2, 6, 0, 2.5],
      ]);
      const [eeg, ecg, temp] = [...(await readRecording(recording)).streams.values()];
      expect(eeg.data[1][7]).toBeCloseTo(10.7, 12);
      expect(ecg.data[0][0]).toBeCloseTo(0.05, 12);
      expect(temp.data[0].map((v) => Number(v.toFixed(9)))).toEqual([34, 34.01, 34.02, 34.03, 34.04, 34.05]);
      expect(eeg.times).toEqual(Array.from({ length: 30 }, (_, i) => i / 10));
    });
  });

  it('takes onsets that are rounded, or drift, for no gaps', async () => {
    const records = 60;
    // 100 samples of 128 Hz; a rounded onset is off by up to 0.5 ms, a drifting one by another 0.4 ms each record.
    for (const [drift_s, most] of [
      [0, 1e-6],
      [4e-4, 8e-3],
    ] as const) {
      const onsets = Array.from({ length: records }, (_, r) => (r * (0.78125 + drift_s)).toFixed(3));
      const bytes = file({
        duration: 0.78125,
        reserved: 'EDF+D',
        signals: [
          { label: 'EEG Cz', records: counting(records, 100, -1000) },
          annotations(...onsets.map((onset) => `+${onset}||`)),
        ],
      });
      await opened(bytes, async (recording) => {
        expect(recording.problems).toEqual([]);
        const [{ times, gaps }] = [...(await readRecording(recording)).streams.values()];
        expect([gaps, recording.streams[0].gaps]).toEqual([[], []]);
        expect(times).toHaveLength(100 * records);
        for (const [i, time] of times.entries())
          expect(Math.abs(time - i / 128 - drift_s * Math.floor(i / 100))).toBeLessThanOrEqual(most);
        expect(times.every((time, i) => i === 0 || time >= times[i - 1])).toBe(true);
      });
    }
  });

  it('reads the gaps of EDF+D exactly', async () => {
    const bytes = file({
      reserved: 'EDF+D',
      signals: [
        { label: 'EEG Cz', records: counting(4, 10) },
        annotations('+0.5||', '+1.5||', '+4.25||', '+5.25||'),
      ],
    });
    await opened(bytes, async (recording) => {
      expect(recording.streams[0].gaps).toEqual([{ from: 2.4, to: 4.25 }]);
      expect(recording.streams[0].measured_sfreq).toBeCloseTo(10, 9);
      const [eeg] = [...(await readRecording(recording, { chunk: 15 })).streams.values()];
      expect(eeg.gaps).toEqual([20]);
      expect(eeg.times[19]).toBeCloseTo(2.4, 12);
      expect(eeg.times[20]).toBe(4.25);
      expect(eeg.data[0].map((v) => Math.round(v * 10))).toEqual([...Array(40).keys()]);
    });
  });

  it('judges a pause between records by the period of each signal, and puts all of them behind it', async () => {
    const bytes = file({
      reserved: 'EDF+D',
      signals: [
        { label: 'EEG Cz', records: counting(3, 100) },
        { label: 'Temp rectal', unit: 'degC', records: counting(3, 4) },
        annotations('+0||', '+1.1||', '+2.3||'),
      ],
    });
    await opened(bytes, async (recording) => {
      // Of 100 Hz ten and twenty samples are missing; at 4 Hz half a period is 125 ms, so that the first pause is none.
      expect(recording.streams.map(({ gaps }) => gaps)).toEqual([
        [
          { from: 0.99, to: 1.1 },
          { from: 2.09, to: 2.3 },
        ],
        [{ from: 1.85, to: 2.3 }],
      ]);
      const [eeg, temp] = [...(await readRecording(recording)).streams.values()];
      expect([eeg.gaps, temp.gaps]).toEqual([[100, 200], [8]]);
      expect(temp.times).toEqual([0, 0.25, 0.5, 0.75, 1.1, 1.35, 1.6, 1.85, 2.3, 2.55, 2.8, 3.05]);
    });
  });

  it('starts EDF+C at the fraction of a second that its first record tells', async () => {
    const bytes = file({
      reserved: 'EDF+C',
      signals: [{ label: 'EEG Cz', records: counting(2, 4) }, annotations('+0.25||', '+1.25||')],
    });
    await opened(bytes, async (recording) => {
      expect(recording.streams[0]).toMatchObject({ first: 0.25, last: 2, gaps: [] });
    });
  });

  it('gives annotations as markers, in UTF-8 or Latin-1', async () => {
    const latin1 = Buffer.concat([
      Buffer.from('+1\x14\x14\0+0.7\x150.5\x14'),
      Buffer.from('müde', 'latin1'),
      Buffer.from('\x14again\x14\0'),
    ]);
    const bytes = file({
      reserved: 'EDF+C',
      signals: [{ label: 'EEG Cz', records: counting(2, 4) }, annotations('+0||\0+1.5|späť|\0', latin1)],
    });
    const { markers } = await opened(bytes, (recording) => samplesOf(recording));
    expect(markers.map(({ time, value }) => [time, value])).toEqual([
      [0.7, 'müde'],
      [0.7, 'again'],
      [1.5, 'späť'],
    ]);
  });

  it('masks a channel without a usable calibration', async () => {
    const bytes = file({
      signals: [
        { label: 'EEG Cz', records: counting(1, 4) },
        { label: 'EEG Pz', digital: [5, 5], records: counting(1, 4) },
      ],
    });
    await opened(bytes, async (recording) => {
      expect(recording.problems).toEqual([expect.stringContaining("'EEG Pz'")]);
      const [eeg] = [...(await readRecording(recording)).streams.values()];
      expect(eeg.data[1]).toEqual(Array(4).fill(Number.NaN));
    });
  });

  it('knows an anonymised start for none', async () => {
    const signals = [{ label: 'EEG Cz', records: counting(1, 4) }];
    await opened(file({ signals, start: '01.01.1100.00.00' }), async (recording) => {
      expect(recording.zero_unix_s).toBeNull();
    });
  });

  const sound = file({
    reserved: 'EDF+D',
    signals: [
      { label: 'EEG Cz', records: counting(3, 10) },
      { label: 'EEG Pz', records: counting(3, 10, 50) },
      { label: 'ECG', unit: 'mV', records: counting(3, 5) },
      annotations('+0||\0+0.2|a|\0', '+1||', '+3||\0+3.5|b|\0'),
    ],
  });

  it('gives the same samples whatever the chunks', async () => {
    const [natural, ...others] = await opened(sound, async (recording) => [
      await samplesOf(recording),
      ...(await Promise.all([1, 3, 7, 4096].map((chunk) => samplesOf(recording, { chunk })))),
    ]);
    for (const other of others) expect(other).toEqual(natural);
  });

  it('reads a prefix of a file that was cut at any byte, and masks what its last record lacks', () =>
    expectMaskedPrefixes('r.edf', sound, 1, (recording, length) => {
      if (length < sound.length - 1) expect(recording.problems.length).toBeGreaterThan(0);
    }));

  it('throws nothing but InputError on damaged bytes', () =>
    expectOnlyInputErrors('r.edf', sound, { runs: 200, ordered: false }));

  /** Where signal 1's number of samples a record stands: behind labels, transducers, units, four limits and filters. */
  const countAt = (signals: number) => 256 + signals * (16 + 80 + 8 * 5 + 80);
  it.each([
    ['duration', 244, '1e999', /header is cut or not EDF/],
    ['number of signals', 252, 'Infi', /header is cut or not EDF|no format/],
    ['length of its header', 184, '1e300', /header is cut or not EDF|no format/],
    ['number of samples', countAt(1), '1e300', /no valid number of samples/],
  ])('refuses a %s that is none', async (_, at, text, said) => {
    const one = file({ signals: [{ label: 'EEG Cz', records: counting(2, 10) }] });
    Buffer.from(one.buffer, one.byteOffset).write(text.padEnd(8).slice(0, at === 252 ? 4 : 8), at, 'latin1');
    await expect(opened(one, async () => {})).rejects.toThrow(said);
  });

  it('takes no more memory than the file has, whatever it tells of its records', async () => {
    const one = file({ signals: [{ label: 'EEG Cz', records: counting(2, 10) }] });
    Buffer.from(one.buffer, one.byteOffset).write('99999999', countAt(1), 'latin1');
    const before = process.memoryUsage().arrayBuffers;
    await opened(one, async (recording) => {
      await samplesOf(recording);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6);
    }).catch((error: unknown) => expect(error).toBeInstanceOf(InputError));
  });
});
