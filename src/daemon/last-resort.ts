import type { Writable } from 'node:stream';
import { errorOf } from '../core/owned.js';

/** Finishes what would be cut, a recording, in the one turn that a process has left after a fault. */
export type Rescue = () => void;

/** Finishes all. @returns how many could not be */
export function rescueAll(rescues: ReadonlySet<Rescue>): number {
  let lost = 0;
  for (const rescue of rescues)
    try {
      rescue();
    } catch {
      lost++;
    }
  return lost;
}

/**
 * What to do about a fault that nothing contained: everything that can be saved is finished, one line says so, and the
 * process ends with 1, as nobody knows what else is broken.
 */
export function lastResort(
  rescues: ReadonlySet<Rescue>,
  stderr: Pick<Writable, 'write'>,
  exit: (code: number) => void,
): (fault: unknown) => void {
  return (fault) => {
    const lost = rescueAll(rescues);
    const { message, stack } = errorOf(fault);
    const saved =
      rescues.size === 0 ? '' : lost === 0 ? '; recordings are complete up to here' : '; a recording is cut';
    stderr.write(
      `affectd: unexpected: ${message.split('\n')[0]}${saved}; please report it with the command that you ran\n`,
    );
    if (process.env.AFFECTD_DEBUG) stderr.write(`${stack}\n`);
    exit(1);
  };
}
