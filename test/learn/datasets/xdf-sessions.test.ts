import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chunkOf } from '../../../src/testing/stream-fixtures.js';
import { eeg, recordSteps, type Step } from '../../recorder/recorded-parts.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';
import { fixtureCopy, fixtures } from './fixture-copy.js';
import { openDataset, signalsOf, streamsOf } from './read-dataset.js';

const path = join(fixtures, 'xdf-sessions');
const trials = { start: '^start (?<stimulus>.+)$', end: '^end (?<valence>\\d) (?<class>.+)$', scale: [1, 5] };

describe('XDF sessions', () => {
  it('take person and session from BIDS names, and the Annotation stream for labels', async () => {
    const dataset = await openDataset('xdf-sessions', { path, people: ['P1'], name: 'lab' });
    expect(dataset).toMatchObject({
      name: 'lab',
      people: ['P1'],
      classes: null,
      dimensions: ['valence', 'arousal'],
    });
    const sessions = await signalsOf(dataset, 'P1');
    expect(sessions.map(({ session, trials: own }) => [session, own])).toEqual(
      ['a', 'b'].map((session) => [
        session,
        [{ trial: '1', stimulus: null, position: 0, label: null, start: 100, end: 120 }],
      ]),
    );
    const { channels } = streamsOf(sessions[0]).get('Annotation')!;
    expect(channels.map(([first]) => first)).toEqual([0.5, -0.25]);
  });

  it('take trials and labels from markers', async () => {
    const settings = { path, people: ['mine'], trials, classes: ['joy', 'fear'] };
    const dataset = await openDataset('xdf-sessions', settings);
    expect(dataset.people).toEqual(['mine']);
    const [session] = await signalsOf(dataset, 'mine');
    // Nobody told what was felt in the second trial.
    expect(session.trials.map(({ stimulus, position, label }) => [stimulus, position, label!.class])).toEqual(
      [
        ['clip-b', 0, 0],
        ['clip-c', 2, 1],
      ],
    );
    const unrated = await openDataset('xdf-sessions', {
      path,
      people: ['mine'],
      trials: { start: '^start' },
    });
    await expect(signalsOf(unrated, 'mine')).rejects.toMatchObject({
      code: 'dataset-layout',
      message: expect.stringContaining('has no Annotation stream, and no marker tells a label'),
    });
    await expect(
      signalsOf(await openDataset('xdf-sessions', { ...settings, people: ['P1'] }), 'P1'),
    ).rejects.toThrow(
      `${join('ses-a', 'eeg', 'sub-P1_ses-a_task-x_eeg.xdf')}: no marker fits \`trials.start\``,
    );
  });

  it('end a trial at its marker, the next start, or the recording’s end', async () => {
    const copy = fixtureCopy('xdf-sessions');
    rmSync(join(copy, 'sub-P1', 'ses-a'), { recursive: true });
    const dataset = await openDataset('xdf-sessions', {
      path: copy,
      people: ['P1'],
      trials,
      classes: ['joy', 'fear'],
    });
    const [{ trials: found }] = await signalsOf(dataset, 'P1');
    expect(found).toEqual([
      {
        trial: '1',
        stimulus: 'clip-b',
        position: 0,
        label: { targets: { valence: 1 }, class: 0 },
        start: 102,
        end: 105,
      },
      { trial: '2', stimulus: 'clip-a', position: 1, label: null, start: 108, end: 114 },
      {
        trial: '3',
        stimulus: 'clip-c',
        position: 2,
        label: { targets: { valence: -1 }, class: 1 },
        start: 114,
        end: 117,
      },
    ]);
    const open = { ...trials, end: null };
    const [{ trials: last }] = await signalsOf(
      await openDataset('xdf-sessions', { path: copy, people: ['P1'], trials: open }),
      'P1',
    );
    expect(last.map(({ start, end }) => [start, end])).toEqual([
      [102, 108],
      [108, 114],
      [114, 120],
    ]);
  });

  it('take parts of one recording as one session', async () => {
    const copy = temporaryFolder();
    const samples = Array.from({ length: 12 }, (_, i): Step[] => [
      { do: 'take', message: { kind: 'chunk', chunk: chunkOf(eeg, [[i], [0]], i) } },
      { do: 'wait', s: 10 },
    ]);
    const steps: Step[] = [{ do: 'take', message: { kind: 'open', info: eeg } }, ...samples.flat()];
    for (const [id, stem] of ['a', 'b'].entries())
      await recordSteps(copy, steps, { id: String(id), stem, limits: { span_s: 40 } });
    expect(readdirSync(copy)).toHaveLength(6);
    const dataset = await openDataset('xdf-sessions', { path: copy });
    expect(dataset.people.map((person) => person[0])).toEqual(['a', 'b']);
  });

  it('refuse what can’t be', async () => {
    await expect(openDataset('xdf-sessions', { path, files: '(' })).rejects.toMatchObject({
      code: 'dataset-settings-invalid',
      exitCode: 2,
      message: expect.stringMatching(/^xdf-sessions: files: .*; mend the expression$/),
    });
    await expect(openDataset('xdf-sessions', { path: fixtureCopy('eegmat') })).rejects.toMatchObject({
      code: 'dataset-missing',
    });
    const copy = fixtureCopy('xdf-sessions');
    rmSync(join(copy, 'sub-P1', 'ses-a'), { recursive: true });
    const unlisted = await openDataset('xdf-sessions', {
      path: copy,
      people: ['P1'],
      trials,
      classes: ['joy', 'calm'],
    });
    await expect(signalsOf(unlisted, 'P1')).rejects.toThrow(
      "a marker tells the class 'fear'; list it in `classes`",
    );
    const outside = await openDataset('xdf-sessions', {
      path: copy,
      people: ['P1'],
      classes: ['joy', 'fear'],
      trials: { ...trials, scale: [1, 4] },
    });
    await expect(signalsOf(outside, 'P1')).rejects.toThrow('a rating of 5 lies outside its scale, 1 to 4');
  });
});
