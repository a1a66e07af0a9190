import { featureName } from '../../core/features.js';
import type { ModalityFrame, ModalityInput, ModelFrame } from '../../core/model.js';
import { emptyFrame } from '../../pipeline/session/frame.js';
import type { Label } from '../datasets/dataset.js';
import type { ModelInputs } from './dataset.js';
import { type Example, withFrame } from './example.js';
import { ExampleFile, type SharedFile, sameInputs } from './example-file.js';

/** Examples in files as another thread can have them, without a copy. */
export interface SharedExamples {
  readonly inputs: ModelInputs;
  readonly files: readonly { readonly file: SharedFile; readonly labels: readonly Label[] }[];
}

/**
 * The examples of a file as frames of `inputs`, which are read, from memory or the file, when they are asked for.
 *
 * @param labels of each, in place of the file's
 */
export function storedExamples(file: ExampleFile, inputs: ModelInputs, labels: readonly Label[]): Example[] {
  const aligned = file.layouts.map((layout) => aligner(layout, inputs));
  return file.examples.map((stored, i) => {
    const { origin, window, since_start, since_onset, layout } = stored;
    const example = { ...origin, window, since_start, since_onset, label: labels[i] };
    return withFrame(example, () => aligned[layout](file.frame(stored)));
  });
}

/** What another thread gave as {@link SharedExamples}. */
export function openShared({ files, inputs }: SharedExamples): Example[] {
  return files.flatMap(({ file, labels }) => storedExamples(ExampleFile.from(file), inputs, labels));
}

type Align = (frame: ModelFrame) => ModelFrame;

/** Turns frames of one layout into frames of `inputs`; features are known by their names, and those that are lacking are masked. */
function aligner(layout: ModelInputs, inputs: ModelInputs): Align {
  if (sameInputs(layout, inputs)) return (frame) => frame;
  const names = [...layout.keys()];
  const alignments = [...inputs].map(([name, input]) => {
    const own = layout.get(name);
    return own ? { m: names.indexOf(name), align: modalityAligner(own, input) } : null;
  });
  const nothing = [...inputs.values()].map(emptyFrame);
  return (frame) => alignments.map((own, m) => (own ? own.align(frame[own.m]) : nothing[m]));
}

function modalityAligner(from: ModalityInput, to: ModalityInput): (frame: ModalityFrame) => ModalityFrame {
  if (from.kind !== 'features' || to.kind !== 'features') return (frame) => frame;
  const at = new Map(from.features.map((feature, f) => [featureName(feature), f]));
  const places = to.features.map((feature) => at.get(featureName(feature)) ?? -1);
  return ({ values, mask }) => {
    const own = new Float32Array(places.length);
    const measured = new Uint8Array(places.length);
    for (const [f, place] of places.entries()) {
      if (place < 0 || mask[place] !== 1) continue;
      own[f] = values[place];
      measured[f] = 1;
    }
    return { values: own, mask: measured, present: measured.includes(1) };
  };
}
