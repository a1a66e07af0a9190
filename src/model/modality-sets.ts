import type { InputSpec } from './networks/definition.js';

/** Name of a set of modalities, `eeg+eye`, in the model's order; empty of none. */
export function setName(inputs: readonly Pick<InputSpec, 'name'>[], present: readonly boolean[]): string {
  return inputs
    .filter((_, m) => present[m])
    .map(({ name }) => name)
    .join('+');
}

/** Which modalities a set's name has, [M]. */
export function memberOf(inputs: readonly Pick<InputSpec, 'name'>[], name: string): boolean[] {
  const members = name.split('+');
  return inputs.map((input) => members.includes(input.name));
}

/** Every set of modalities but the empty one, [2^M - 1][M]; all of them last. */
export function everySet(modalities: number): boolean[][] {
  return Array.from({ length: 2 ** modalities - 1 }, (_, set) =>
    Array.from({ length: modalities }, (_, m) => Math.floor((set + 1) / 2 ** m) % 2 === 1),
  );
}
