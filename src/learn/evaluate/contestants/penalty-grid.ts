const [LARGEST, SMALLEST] = [1e4, 1e-2];

/**
 * Penalties to choose from, evenly apart in their logarithm, the largest first: of those that do equally well it's the
 * simplest that is kept. Losses are summed over windows, of which neighbours say much the same: hence as large as 10,000.
 *
 * @param count at least 2
 */
export function penaltyGrid(count: number): readonly number[] {
  const ratio = SMALLEST / LARGEST;
  // Rounded, so that the last bit of a power is the same in every version of Node.
  return Array.from({ length: count }, (_, i) =>
    Number((LARGEST * ratio ** (i / (count - 1))).toPrecision(3)),
  );
}
