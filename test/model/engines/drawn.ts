/**
 * Uniform numbers in [0, 1) that a test and the Python scripts in fixtures/models draw exactly alike: Mulberry32, as in
 * fixtures/models/drawn.py.
 */
export function drawnByBoth(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
