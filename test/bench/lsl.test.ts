import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { benchLsl } from '../../src/bench/lsl.js';
import { liblsl } from '../io/lsl/liblsl-oracle.js';

// The parties are processes of their own: they need the compiled file.
const party = join(import.meta.dirname, '..', '..', 'dist', 'bench', 'lsl-process.js');

describe.skipIf(!existsSync(party))('benchLsl', () => {
  it('measures both backends side by side, without a sample lost or given twice', async () => {
    const result = await benchLsl({
      seconds: 2,
      loads: [{ streams: 2, channels: 8, sfreq_hz: 250 }],
      party,
    });
    expect(result.rows.map(({ inlet }) => inlet)).toEqual(liblsl ? ['typescript', 'native'] : ['typescript']);
    for (const row of result.rows) {
      expect(row).toMatchObject({ lost: 0, duplicated: 0, samples: 1000 });
      expect(row.p50_ms).toBeGreaterThan(0);
      expect(row.p99_ms).toBeGreaterThanOrEqual(row.p50_ms);
      expect(row.cpu_percent).toBeGreaterThan(0);
    }
  });
});
