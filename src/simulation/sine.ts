/**
 * sin(2 pi `cycles`) to 1e-9. Math.sin differs in its last bit between Node versions; this is plain
 * arithmetic and so the same everywhere.
 */
export function sine(cycles: number): number {
  let x = cycles - Math.round(cycles);
  if (x > 0.25) x = 0.5 - x;
  else if (x < -0.25) x = -0.5 - x;
  const r = x * 6.283185307179586;
  const r2 = r * r;
  // Taylor series; |r| <= pi / 2, so the first term left out is below 1e-9.
  return (
    r *
    (1 -
      (r2 / 6) *
        (1 -
          (r2 / 20) *
            (1 - (r2 / 42) * (1 - (r2 / 72) * (1 - (r2 / 110) * (1 - (r2 / 156) * (1 - r2 / 210)))))))
  );
}

/** cos(2 pi `cycles`). */
export function cosine(cycles: number): number {
  return sine(cycles + 0.25);
}
