/** A whole number for each path, `low` and `high` included, in their order. */
export function drawnValues(
  draw: Readonly<Record<string, readonly [low: number, high: number]>>,
  uniform: () => number,
): ReadonlyMap<string, number> {
  return new Map(
    Object.entries(draw).map(([path, [low, high]]) => [path, low + Math.floor(uniform() * (high - low + 1))]),
  );
}

/**
 * `settings` with other values at some paths, such as `transforms.eeg.0`; every part of a path but the last must exist.
 * Throws `RangeError` that names the path.
 */
export function withValues(
  settings: Readonly<Record<string, unknown>>,
  values: ReadonlyMap<string, number>,
): Record<string, unknown> {
  const changed = structuredClone(settings) as Record<string, unknown>;
  for (const [path, value] of values) {
    const parts = path.split('.');
    const last = parts.pop()!;
    const holder = parts.reduce<unknown>(
      (within, part) =>
        typeof within === 'object' && within !== null ? Reflect.get(within, part) : undefined,
      changed,
    );
    if (typeof holder !== 'object' || holder === null)
      throw new RangeError(`draw.${path}: the settings have no ${parts.join('.')}`);
    Reflect.set(holder, last, value);
  }
  return changed;
}
