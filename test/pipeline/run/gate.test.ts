import { describe, expect, it } from 'vitest';
import { Gate } from '../../../src/pipeline/run/gate.js';
import { settle } from '../counted-recording.js';

describe('Gate', () => {
  it('is open while nobody holds it', async () => {
    const gate = new Gate();
    const [a, b] = [{}, {}];
    expect(gate.isOpen).toBe(true);
    await gate.opened();
    gate.hold(a);
    gate.hold(a);
    gate.hold(b);
    let hasOpened = false;
    const opened = gate.opened().then(() => (hasOpened = true));
    gate.release(a);
    gate.release(a);
    await settle();
    expect([gate.isOpen, hasOpened]).toEqual([false, false]);
    gate.release(b);
    await opened;
    expect(gate.isOpen).toBe(true);
  });

  it('waits for all that is still to be closed, and says what went wrong in it', async () => {
    const gate = new Gate();
    const order: string[] = [];
    await gate.closed();
    gate.closing(settle().then(() => order.push('a')));
    gate.closing(undefined);
    gate.closing(Promise.reject(new Error('disk full')));
    gate.closing(
      settle()
        .then(settle)
        .then(() => order.push('b')),
    );
    await expect(gate.closed()).rejects.toThrow('disk full');
    expect(order).toEqual(['a', 'b']);
  });
});
