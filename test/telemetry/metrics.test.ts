import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../src/telemetry/metrics.js';

describe('metrics', () => {
  it('are apart from those of another daemon in the process', async () => {
    const [one, two] = [createMetrics(), createMetrics()];
    one.ingestSamples.inc(7);
    expect(await one.registry.metrics()).toContain('affectd_ingest_samples_total 7');
    expect(await two.registry.metrics()).toContain('affectd_ingest_samples_total 0');
    one.close();
    two.close();
  });

  it('hold finite numbers only', async () => {
    const metrics = createMetrics();
    for (let scrape = 0; scrape < 2; scrape++) {
      const text = await metrics.registry.metrics();
      expect(text).toContain('affectd_event_loop_lag_seconds{quantile="0.99"}');
      expect(text).not.toMatch(/NaN|e\+1\d/);
    }
    metrics.close();
  });
});
