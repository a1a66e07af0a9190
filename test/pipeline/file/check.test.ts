import { describe, expect, it } from 'vitest';
import { checkPipeline } from '../../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../../src/pipeline/file/document.js';

const check = (text: string) => checkPipeline(new PipelineDocument('lab.yaml', text));
const problemsOf = (text: string) =>
  check(text).problems.map(({ line, path, message }) => `${line} ${path}: ${message}`);

const good = `
sources:
  eeg: { type: websocket, stream_type: EEG, sfreq_hz: 250 }
transforms:
  clean: { type: bandpass, input: eeg, low_hz: 1, high_hz: 45 }
  de: { type: extract, input: clean, features: [differential-entropy], window_s: 4, hop_s: 0.5 }
`;

describe('a good file', () => {
  it('becomes nodes in the order of the data, whatever the order of writing', () => {
    const { pipeline, problems } = check(`
transforms:
  de: { type: extract, input: clean, features: [differential-entropy] }
  clean: { type: bandpass, input: eeg, low_hz: 1, high_hz: 45 }
sources:
  eeg: { type: websocket, stream_type: EEG }
`);
    expect(problems).toEqual([]);
    expect([...(pipeline?.transforms.keys() ?? [])]).toEqual(['clean', 'de']);
    expect(pipeline?.transforms.get('de')?.source).toBe('eeg');
  });

  it('has a digest that sources, sinks, comments and order do not change, and parameters do', () => {
    const digest = (text: string) => check(text).pipeline?.digest;
    expect(digest(good)).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(digest(`# a comment\n${good.replace('type: websocket', 'type: synthetic')}`)).toBe(digest(good));
    expect(digest(good.replace('hop_s: 0.5', 'hop_s: 0.50'))).toBe(digest(good));
    expect(digest(good.replace(', hop_s: 0.5', ''))).toBe(digest(good));
    expect(digest(good.replace('low_hz: 1', 'low_hz: 2'))).not.toBe(digest(good));
  });

  it('has a digest at each node that only what is above it changes', () => {
    const digest = (text: string) => check(text).pipeline?.transforms.get('clean')?.digest;
    expect(digest(good.replace('hop_s: 0.5', 'hop_s: 1'))).toBe(digest(good));
    expect(
      digest(good.replace('stream_type: EEG', 'stream_type: EOG').replace('[differential-entropy]', '[]')),
    ).toBe(undefined);
    expect(digest(good.replace('high_hz: 45', 'high_hz: 40'))).not.toBe(digest(good));
  });
});

describe.each<[what: string, change: [from: string, to: string], problem: RegExp]>([
  [
    'an unknown key',
    ['low_hz: 1', 'lo_hz: 1'],
    /^5 transforms\.clean\.lo_hz: unknown key; did you mean low_hz\?/,
  ],
  [
    'an unknown section',
    ['transforms:', 'transform:'],
    /^4 transform: unknown section; did you mean transforms\?/,
  ],
  [
    'an unknown type',
    ['type: bandpass', 'type: bandpas'],
    /^5 transforms\.clean\.type: no transform is called bandpas; did you mean bandpass\?/,
  ],
  ['a value out of range', ['window_s: 4', 'window_s: -4'], /^6 transforms\.de\.window_s: .*\(it is -4\)/],
  [
    'a value of the wrong type',
    ['low_hz: 1', 'low_hz: one'],
    /^5 transforms\.clean\.low_hz: .*\(it is "one"\)/,
  ],
  ['an unknown stream type', ['stream_type: EEG', 'stream_type: eeg'], /^3 sources\.eeg\.stream_type: /],
  [
    'a missing input',
    ['input: clean', 'input: claen'],
    /^6 transforms\.de\.input: no node is called claen; did you mean clean\?/,
  ],
  ['no input', ['input: clean, ', ''], /^6 transforms\.de(\.input)?: /],
  ['a wrong kind of input', ['input: eeg,', 'input: de,'], /a cycle: clean -> de -> clean|clean -> de/],
  [
    'a name that is taken',
    ['  clean:', '  eeg:'],
    /^5 transforms\.eeg: the name is taken by sources\.eeg; choose another/,
  ],
  ['a bad name', ['  clean:', '  cle-an:'], /^5 transforms\.cle-an: a name is a letter/],
  ['a band edge beyond Nyquist', ['low_hz: 1,', 'low_hz: 120,'], /^5 transforms\.clean\.low_hz: /],
  [
    'a hop longer than the window',
    ['hop_s: 0.5', 'hop_s: 5'],
    /^6 transforms\.de\.hop_s: hop_s 5 is longer than window_s 4/,
  ],
  [
    'a feature of another signal',
    ['stream_type: EEG', 'stream_type: Gaze'],
    /^6 transforms\.de\.features\.0: differential-entropy reads EEG/,
  ],
])('%s', (_, [from, to], problem) => {
  it('is told with its line and its mend', () => {
    expect(good).toContain(from);
    const problems = problemsOf(good.replace(from, to));
    expect(problems.length).toBeGreaterThan(0);
    expect(
      problems.some((line) => problem.test(line)),
      problems.join('\n'),
    ).toBe(true);
  });
});

describe('sinks and names', () => {
  const withModels = `${good}models:
  calm: { type: hi-moe, inputs: { eeg: de }, path: models/none }
  stress: { type: hi-moe, inputs: { eeg: de }, path: models/none }
sinks:
`;

  it('take what any node makes; over LSL one model a sink', () => {
    expect(problemsOf(`${withModels}  out: { type: console, input: [calm, stress, de] }\n`)).toEqual([]);
    expect(problemsOf(`${withModels}  lab: { type: lsl, input: calm }\n`)).toEqual([]);
    expect(problemsOf(`${withModels}  lab: { type: lsl, input: [calm, stress] }\n`)).toEqual([
      '11 sinks.lab.input: a sink of type lsl takes one model; give each a sink of its own',
    ]);
    expect(problemsOf(`${withModels}  lab: { type: lsl, input: de }\n`)).toEqual([
      '11 sinks.lab.input: de gives features, but predictions are needed here',
    ]);
  });

  it('take no frames', () => {
    const align = good.concat('  both: { type: align, inputs: { eeg: de } }\nsinks:\n');
    expect(problemsOf(`${align}  out: { type: console, input: both }\n`)).toEqual([
      '9 sinks.out.input: both gives frames, but predictions or features are needed here',
    ]);
  });

  it('may not be run, which stands beside nodes in what a subscriber tells', () => {
    expect(problemsOf(good.replaceAll('clean', 'run'))).toEqual([
      '5 transforms.run: run stands beside the names of nodes where a subscriber tells what it heard last; choose another',
    ]);
  });
});

describe('problems', () => {
  it('are all told at once', () => {
    const problems = problemsOf(`
sources:
  eeg: { type: websocket, stream_type: EEG, color: red }
transforms:
  a: { type: bandpass, input: eeg, low_hz: 50, high_hz: 10 }
  b: { type: nothing, input: a }
  c: { type: notch, input: nowhere }
sinks:
  out: { type: websocket, input: missing }
`);
    expect(problems.map((line) => line.split(' ')[0])).toEqual(['3', '5', '6', '7', '9']);
  });

  it('of one broken node are not told again at each use', () => {
    const problems = problemsOf(good.replace('low_hz: 1, high_hz: 45', 'low_hz: x'));
    expect(problems).toHaveLength(1);
  });

  it('name a cycle once, with its way', () => {
    const problems = problemsOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  a: { type: notch, input: b }
  b: { type: notch, input: a }
`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/a cycle: (a -> b -> a|b -> a -> b)/);
  });

  it('of YAML itself have a line', () => {
    expect(problemsOf('sources: {\n  eeg: [1, 2\n')[0]).toMatch(/^\d+ : not valid YAML: /);
    expect(problemsOf('just text')[0]).toMatch(/a pipeline file is a mapping/);
    expect(problemsOf('')[0]).toMatch(/a pipeline file is a mapping/);
    expect(problemsOf('sources: {}')[0]).toMatch(/at least one source/);
  });
});
