import { closeSync, existsSync, openSync } from 'node:fs';
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

  it('count descriptors and what keeps the event loop alive', async () => {
    const metrics = createMetrics();
    const told = async (name: string) =>
      Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await metrics.registry.metrics())?.[1]);
    const timers = 'nodejs_active_resources{type="Timeout"}'.replace(/[{}]/g, '\\$&');
    const before = (await told(timers)) || 0;
    const running = [0, 1, 2].map(() => setTimeout(() => {}, 1e6));
    expect(await told(timers)).toBe(before + 3);
    for (const timer of running) clearTimeout(timer);
    expect((await told(timers)) || 0).toBe(before);
    if (existsSync('/proc/self/fd')) {
      const open = await told('process_open_fds');
      const file = openSync(import.meta.filename, 'r');
      expect(await told('process_open_fds')).toBe(open + 1);
      closeSync(file);
    }
    metrics.close();
  });
});
