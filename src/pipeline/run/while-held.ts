import { finalize, from, type Observable } from 'rxjs';
import type { Gate } from './gate.js';

/** What `work` gives, with the gate shut until that is taken. */
export function whileHeld<T>(gate: Gate, work: Promise<T>): Observable<T> {
  gate.hold(work);
  return from(work).pipe(finalize(() => gate.release(work)));
}
