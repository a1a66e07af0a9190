/**
 * A table that text from outside indexes: a unit, a label, a format. In an object literal it would also find what every
 * object has (`constructor`).
 */
export function tableOf<T>(entries: Readonly<Record<string, T>>): ReadonlyMap<string, T> {
  return new Map(Object.entries(entries));
}
