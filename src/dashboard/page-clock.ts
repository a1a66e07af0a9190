/**
 * The page's monotonic clock, s; the only place that reads it. Ages count from here, never from the wall
 * clock, as the computer that shows the page and the one that runs the daemon need not agree on the time.
 */
export function pageClock(): number {
  return performance.now() / 1000;
}
