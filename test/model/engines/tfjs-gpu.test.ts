import util from 'node:util';
import { describe, expect, it } from 'vitest';
import { probeEngines } from '../../../src/model/engines/choose.js';

describe('tfjs-gpu', () => {
  it('is an engine where its package is, and a reason where it is not', async () => {
    const gpu = (await probeEngines()).find(({ name }) => name === 'tfjs-gpu')!;
    expect(gpu.reason).not.toBe('');
    if (!gpu.available) expect(gpu.reason).not.toContain('\n');
  });

  it('restores what its package needs of Node', () => {
    expect((util as unknown as { isNullOrUndefined(v: unknown): boolean }).isNullOrUndefined(null)).toBe(
      true,
    );
  });
});
