import type { Clock, Seconds, Timer } from './clock.js';

/** Waits for work, but not for longer than `limit_s`; gives whether it is done. Rejects as the work does. */
export async function doneWithin(
  clock: Pick<Clock, 'after'>,
  limit_s: Seconds,
  work: Promise<unknown> | undefined,
): Promise<boolean> {
  let timer: Timer | null = null;
  const over = new Promise<boolean>((resolve) => {
    timer = clock.after(limit_s, () => resolve(false));
  });
  try {
    return await Promise.race([Promise.resolve(work).then(() => true), over]);
  } finally {
    (timer as Timer | null)?.cancel();
  }
}
