import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/core/errors.js';
import { openRecording } from '../../../../src/io/recordings/open.js';
import { onGrid } from '../../../../src/signal/timebase/session-time.js';
import { expectChunkInvariant, expectOnlyInputErrors, expectPrefixes, openedText } from '../opened-text.js';
import { readRecording } from '../read-recording.js';

const preamble = [
  '** CONVERTED FROM x.EDF using edfapi',
  '** TYPE: EDF_FILE BINARY EVENT SAMPLE TAGGED',
  '** VERSION: EYELINK II 1',
  '**',
  '',
  'MSG\t900 !CAL Cal coeff:(X=a+bx)',
  '   209.21  0.93291  192.03 -0.2937',
];

const start = (time: number, eyes: string, { rate = 250, pupil = 'AREA', position = 'GAZE' } = {}) => [
  `MSG\t${time - 2} RECCFG CR ${rate} 2 1 ${eyes === 'LEFT\tRIGHT' ? 'LR' : eyes[0]}`,
  `START\t${time} \t${eyes}\tSAMPLES\tEVENTS`,
  'PRESCALER\t1',
  `PUPIL\t${pupil}`,
  `EVENTS\tGAZE\t${eyes}\tRATE\t ${rate}.00\tTRACKING\tCR\tFILTER\t2`,
  `SAMPLES\t${position}\t${eyes}\tRATE\t ${rate}.00\tTRACKING\tCR\tFILTER\t2`,
];
const mono = (time: number, x: number | '.') =>
  `${time}\t  ${x === '.' ? '   .' : x.toFixed(1)}\t  ${x === '.' ? '   .' : '400.5'}\t ${x === '.' ? '0.0' : '1000.0'}\t...`;
const both = (time: number, x: number) => `${time}\t ${x}.0\t 1.0\t 900.0\t ${x + 5}.0\t 2.0\t 800.0\t.....`;
const text = (...lines: (string | string[])[]) => `${lines.flat().join('\n')}\n`;
const samples = (from: number, n: number, step: number, line: (time: number, i: number) => string) =>
  Array.from({ length: n }, (_, i) => line(from + i * step, i));

const session = text(
  preamble,
  start(1000, 'RIGHT'),
  'SFIX R   1000',
  samples(1000, 10, 4, (time, i) => mono(time, i === 4 ? '.' : i)),
  'EFIX R   1000\t1036\t40\t  4.0\t  400.5\t   1000',
  'MSG\t1041 Prüfung voilà',
  'END\t1042 \tSAMPLES\tEVENTS\tRES\t 36.0\t 38.0',
  'MSG\t1600 between, after',
  'INPUT\t1500\t127',
  start(2000, 'RIGHT'),
  samples(2000, 5, 4, mono),
  'SBLINK R 2004',
  'ESACC R  4294967295\t2008\t12\t1\t2\t3\t4\t5\t6',
  'EBLINK R 2004\t2008\t8',
  samples(2020, 3, 4, mono),
);

describe('eyelink', () => {
  it('reads one eye, its events and messages, with exact gaps between blocks', async () => {
    await openedText('s.asc', session, async (recording) => {
      expect(recording.format).toBe('EyeLink ASC');
      expect(recording.problems).toEqual(['1 events without an onset or an end; left out']);
      expect(
        recording.streams.map(({ info, samples: count }) => [info.id, info.type, info.sfreq, count]),
      ).toEqual([
        ['s/gaze', 'Gaze', 250, 18],
        ['s/events', 'Markers', 0, 4],
        ['s/messages', 'Markers', 0, 6],
      ]);
      expect(recording.streams[0].gaps).toEqual([{ from: 1.036, to: 2 }]);
      expect(recording.streams[0].info.channels.map(({ label, unit }) => [label, unit])).toEqual([
        ['right_x', 'px'],
        ['right_y', 'px'],
        ['right_pupil_area', ''],
      ]);
      const { streams, markers } = await readRecording(recording);
      const [{ data, times, gaps }] = streams.values();
      expect(times.slice(0, 3)).toEqual([1, 1.004, 1.008]);
      expect(data[0].slice(3, 6)).toEqual([3, Number.NaN, 5]);
      expect(data[1].slice(3, 6)).toEqual([400.5, Number.NaN, 400.5]);
      expect(data[2].slice(3, 6)).toEqual([1000, Number.NaN, 1000]);
      expect(gaps).toEqual([10]);
      expect(
        markers.filter(({ stream }) => stream === 's/events').map(({ time, value }) => [time, value]),
      ).toEqual([
        [1, 'fixation-start eye=right'],
        [1.04, 'fixation onset_s=1 duration_s=0.04 eye=right'],
        [2.004, 'blink-start eye=right'],
        [2.012, 'blink onset_s=2.004 duration_s=0.008 eye=right'],
      ]);
      expect(markers.filter(({ stream }) => stream === 's/messages').map(({ value }) => value)).toEqual([
        '!CAL Cal coeff:(X=a+bx)',
        'RECCFG CR 250 2 1 R',
        'Prüfung voilà',
        'INPUT 127',
        'between, after',
        'RECCFG CR 250 2 1 R',
      ]);
    });
  });

  it('masks an eye that a block lacks, and pupils of another kind', async () => {
    const mixed = text(
      preamble,
      start(1000, 'LEFT\tRIGHT'),
      samples(1000, 3, 4, both),
      'END\t1012',
      start(2000, 'LEFT'),
      samples(2000, 2, 4, mono),
      start(3000, 'LEFT\tRIGHT', { pupil: 'DIAMETER' }),
      samples(3000, 2, 4, both),
    );
    await openedText('m.asc', mixed, async (recording) => {
      expect(recording.problems).toEqual([
        '1 kinds of position or pupil beside that of the first block; masked',
      ]);
      const [{ data, gaps }] = (await readRecording(recording)).streams.values();
      const nan = Number.NaN;
      expect(data[0]).toEqual([0, 1, 2, 0, 1, nan, nan]);
      expect(data[2]).toEqual([900, 900, 900, 1000, 1000, nan, nan]);
      expect(data[3]).toEqual([5, 6, 7, nan, nan, nan, nan]);
      expect(gaps).toEqual([3, 5]);
    });
  });

  it('takes no rate for sure where the blocks differ, and the position for what it is', async () => {
    const differing = text(
      preamble,
      start(1000, 'LEFT', { rate: 250, position: 'HREF' }),
      samples(1000, 3, 4, mono),
      start(2000, 'LEFT', { rate: 500, position: 'HREF' }),
      samples(2000, 3, 2, mono),
    );
    await openedText('d.asc', differing, async (recording) => {
      expect(recording.problems).toEqual([expect.stringContaining('(250, 500 Hz)')]);
      expect(recording.streams[0].info).toMatchObject({ sfreq: 0, channels: [{ unit: 'href' }, {}, {}] });
    });
  });

  it('reads samples without a header, and half milliseconds', async () => {
    await openedText('two.asc', text(samples(7000, 50, 2, both)), async (recording) => {
      expect(recording.streams).toMatchObject([{ samples: 50, info: { sfreq: 500 } }]);
      expect(recording.streams[0].info.channels.map(({ label }) => label)).toEqual([
        'left_x',
        'left_y',
        'left_pupil',
        'right_x',
        'right_y',
        'right_pupil',
      ]);
    });
    await openedText('one.asc', text(samples(7000, 50, 0.5, mono)), async (recording) => {
      expect(recording.streams).toMatchObject([{ samples: 50, info: { sfreq: 2000 } }]);
      expect(recording.streams[0].info.channels.map(({ label }) => label)).toEqual(['x', 'y', 'pupil']);
    });
  });

  it('takes stamps of whole milliseconds, which stand twice at 2000 Hz, half a millisecond apart, and blocks for gaps', async () => {
    const block = (from: number) => [
      ...start(from, 'RIGHT', { rate: 2000 }),
      ...samples(0, 1000, 1, (i) => mono(from + Math.floor(i / 2), i)),
    ];
    await openedText('s.asc', text(preamble, block(1000), block(2000)), async (recording) => {
      const [{ times, gaps }] = [...(await readRecording(recording)).streams.values()];
      const expected = Array.from({ length: 1000 }, (_, i) => i / 2000);
      expect(times).toEqual([...expected.map((t) => 1 + t), ...expected.map((t) => 2 + t)].map(onGrid));
      expect(gaps).toEqual([1000]);
      expect(recording.streams[0].measured_sfreq).toBeCloseTo(2000, 3);
    });
  });

  const case2kHz = join(import.meta.dirname, '../../../../../shared/cases/l01-eyelink-2khz/mono2000.asc');
  it.skipIf(!existsSync(case2kHz))(`${case2kHz} (skipped where absent): four blocks at 2000 Hz`, async () => {
    const recording = await openRecording(case2kHz);
    const [gaze] = recording.streams;
    expect([gaze.info.sfreq, gaze.gaps.length]).toEqual([2000, 3]);
    await recording.close();
  });

  it('gives the same samples whatever the chunks, and reads what is before a cut', async () => {
    await openedText('s.asc', session, expectChunkInvariant);
    await expectPrefixes('s.asc', session, 11);
  });

  it('leaves out lines that are no sample', async () => {
    const odd = text(preamble, start(1000, 'RIGHT'), mono(1000, 1), '1004\t1.0', mono(1008, 2), mono(996, 3));
    await openedText('odd.asc', odd, async (recording) => {
      expect(recording.problems).toEqual([
        '1 lines that are no whole sample; left out',
        '1 samples whose time runs backwards; left out',
      ]);
      expect(recording.streams[0].samples).toBe(2);
    });
  });

  it('refuses a file with nothing in it', async () => {
    await expect(openedText('none.asc', text(preamble[0], '**'), async () => {})).rejects.toThrow(InputError);
  });

  it('throws nothing but InputError on damaged text', async () => {
    await expectOnlyInputErrors('s.asc', session);
  });
});

const real = '../shared/recordings/eyelink-asc';
describe.skipIf(!existsSync(real))('real EyeLink files', () => {
  it('002_rlmw_samples_short.asc: every line, both eyes, 500 Hz', async () => {
    const path = `${real}/002_rlmw_samples_short.asc`;
    const recording = await openRecording(path);
    expect(recording.problems).toEqual([]);
    expect(recording.streams).toMatchObject([
      { samples: 20465, gaps: [], info: { type: 'Gaze', sfreq: 500 } },
    ]);
    const rows = readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.split('\t').map(Number));
    const [{ data, times }] = (await readRecording(recording)).streams.values();
    for (const [i, row] of rows.entries()) {
      expect(times[i]).toBe(row[0] / 1000);
      for (const c of [0, 1, 3, 4]) expect(data[c][i]).toBe(row[c + 1]);
      for (const c of [2, 5]) expect(data[c][i]).toBe(row[c + 1] === 0 ? Number.NaN : row[c + 1]);
    }
    await expectChunkInvariant(recording);
    await recording.close();
  });

  it('002_rlmw_events_short.asc: the events and messages that grep counts', async () => {
    const recording = await openRecording(`${real}/002_rlmw_events_short.asc`);
    expect(recording.problems).toEqual(['1 events without an onset or an end; left out']);
    const { markers } = await readRecording(recording);
    const count = (pattern: RegExp) => markers.filter(({ value }) => pattern.test(value)).length;
    // 260 SFIX, of which the last line is cut; 258 EFIX, 258 ESACC of which one has no onset, 21 blinks.
    expect([/^fixation-start/, /^fixation /, /^saccade /, /^blink /].map(count)).toEqual([259, 258, 257, 21]);
    expect(markers.filter(({ stream }) => stream.endsWith('/messages'))).toHaveLength(455 + 16);
    expect(markers.map(({ time }) => time)).toEqual(markers.map(({ time }) => time).sort((a, b) => a - b));
    await recording.close();
  });
});
