import { concat, finalize, from, NEVER, of, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { runAtOnce } from '../../../src/pipeline/run/run-at-once.js';

describe('runAtOnce', () => {
  it('is through when it returns', () => {
    const seen: number[] = [];
    runAtOnce(from([1, 2]).pipe(tap((value) => seen.push(value))));
    runAtOnce(from([]));
    expect(seen).toEqual([1, 2]);
  });

  it('throws what went wrong in it, behind what came before, and closes its source', () => {
    const seen: (number | string)[] = [];
    function* numbers(): Generator<number> {
      try {
        yield* [1, 2, 3];
      } finally {
        seen.push('closed');
      }
    }
    const fault = new RangeError('two');
    const values$ = from(numbers()).pipe(
      tap((value) => {
        if (value === 2) throw fault;
        seen.push(value);
      }),
    );
    expect(() => runAtOnce(values$)).toThrow(fault);
    expect(seen).toEqual([1, 'closed']);
  });

  it('throws where it would wait, and waits no more', () => {
    let isLeft = false;
    const values$ = concat(of(1), NEVER).pipe(
      finalize(() => {
        isLeft = true;
      }),
    );
    expect(() => runAtOnce(values$)).toThrow('waits');
    expect(isLeft).toBe(true);
  });
});
