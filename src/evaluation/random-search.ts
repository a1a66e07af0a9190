/**
 * `settings` with whole numbers drawn for some paths, `low` and `high` included.
 *
 * @param draw by path, such as `transforms.eeg.0`; every part but the last must exist
 */
export function drawSettings(
  settings: Readonly<Record<string, unknown>>,
  draw: Readonly<Record<string, readonly [low: number, high: number]>>,
  uniform: () => number,
): Record<string, unknown> {
  const drawn = structuredClone(settings) as Record<string, unknown>;
  for (const [path, [low, high]] of Object.entries(draw)) {
    const parts = path.split('.');
    const last = parts.pop()!;
    const holder = parts.reduce<unknown>(
      (value, part) => (typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined),
      drawn,
    );
    if (typeof holder !== 'object' || holder === null)
      throw new RangeError(`search.draw.${path}: the settings have no ${parts.join('.')}`);
    Reflect.set(holder, last, low + Math.floor(uniform() * (high - low + 1)));
  }
  return drawn;
}
