import type { ModalityFrame, ModalityInput } from '../../core/model.js';
import type { ModelInputs } from './dataset.js';
import { type Example, sameTrial, withFrame } from './example.js';

/**
 * Gives each window the ones before it, for models that look at a sequence: every modality's features become `steps`
 * times as many, oldest first, the window itself last. Windows before a trial's first are masked.
 */
export function withHistory(
  inputs: ModelInputs,
  examples: readonly Example[],
  steps: number,
): { inputs: ModelInputs; examples: readonly Example[] } {
  const longer = [...inputs].map(([name, input]): [string, ModalityInput] => [
    name,
    lengthened(input, steps),
  ]);
  const first = examples.map((example, i) => {
    let start = i;
    while (start > 0 && i - start < steps - 1 && sameTrial(examples[start - 1], example)) start--;
    return start;
  });
  return {
    inputs: new Map(longer),
    examples: examples.map((example, i) =>
      withFrame(example, () => {
        const shown = examples.slice(first[i], i + 1).map(({ frame }) => frame);
        return shown[0].map((_, m) =>
          joined(
            shown.map((frame) => frame[m]),
            steps,
          ),
        );
      }),
    ),
  };
}

function lengthened(input: ModalityInput, steps: number): ModalityInput {
  if (input.kind !== 'features') return input;
  const features = Array.from({ length: steps }, (_, step) =>
    input.features.map((feature) => ({ ...feature, channel: `${feature.channel}@${step - steps + 1}` })),
  ).flat();
  return { ...input, features };
}

function joined(shown: readonly ModalityFrame[], steps: number): ModalityFrame {
  const size = shown[0].values.length;
  const values = new Float32Array(size * steps);
  const mask = new Uint8Array(size * steps);
  shown.forEach((frame, i) => {
    if (!frame.present) return;
    const at = (steps - shown.length + i) * size;
    values.set(frame.values, at);
    mask.set(frame.mask, at);
  });
  return { values, mask, present: shown.at(-1)!.present };
}
