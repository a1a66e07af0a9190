import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ModalityInput } from '../../../src/core/model.js';
import { ExampleFile, ExampleFileWriter } from '../../../src/learn/examples/example-file.js';
import { openShared, storedExamples } from '../../../src/learn/examples/stored-examples.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';

const features = (...names: string[]): ModalityInput => ({
  kind: 'features',
  features: names.map((feature) => ({ channel: 'c', feature, unit: '' })),
  upstream: 'u',
});
const label = { targets: {}, class: 1 };
const modality = (values: number[], mask: number[]) => ({
  values: Float32Array.from(values),
  mask: Uint8Array.from(mask),
  present: mask.includes(1),
});

function fileOf(): ExampleFile {
  const path = join(temporaryFolder(), 'a.examples');
  const writer = new ExampleFileWriter(path);
  const layout = writer.layout(
    new Map([
      ['eye', features('x')],
      ['eeg', features('b', 'a')],
    ]),
  );
  const origin = { person: 'p', session: 's', trial: 't', stimulus: 'v', position: 3, file: 1 };
  const times = { window: [0, 4], since_start: 60, since_onset: 0.5 } as const;
  const at = writer.add([modality([7], [1]), modality([2, 0], [1, 0])], layout);
  writer.finish([{ origin, ...times, label: { targets: {}, class: 0 }, layout, at }]);
  return ExampleFile.open(path)!;
}

it('are frames of the inputs asked for, by the names of features', () => {
  const file = fileOf();
  const inputs = new Map([
    ['eeg', features('a', 'b', 'new')],
    ['heart', features('rate')],
    ['eye', features('x')],
  ]);
  const expected = {
    person: 'p',
    session: 's',
    trial: 't',
    stimulus: 'v',
    position: 3,
    file: 1,
    window: [0, 4],
    since_start: 60,
    since_onset: 0.5,
    frame: [modality([0, 2, 0], [0, 1, 0]), modality([0], [0]), modality([7], [1])],
    label,
  };
  expect(storedExamples(file, inputs, [label])).toEqual([expected]);
  const files = [{ file: file.shared, labels: [label] }];
  expect(openShared({ inputs, files })).toEqual([expected]);
});

it('are absent where only features that are not asked for were measured', () => {
  const [{ frame }] = storedExamples(fileOf(), new Map([['eeg', features('a')]]), [label]);
  expect(frame).toEqual([modality([0], [0])]);
});
