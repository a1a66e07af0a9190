/** Of more modalities than this not every set is tried, but each one alone, and all but each one. */
const ALL_SETS_OF = 4;

/** The smaller sets of a model's modalities that may be there, each of which has to show what it is worth. */
export function modalitySets(modalities: readonly string[]): string[][] {
  const count = modalities.length;
  const all = Array.from({ length: 2 ** count - 2 }, (_, bits) =>
    modalities.filter((_, m) => ((bits + 1) >> m) & 1),
  );
  const wanted =
    count <= ALL_SETS_OF ? all : all.filter(({ length }) => length === 1 || length === count - 1);
  return wanted.sort((a, b) => b.length - a.length);
}
