import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LaneImage } from '../../../src/dashboard/signals/lane-image.js';
import { COLUMNS, SignalSeries } from '../../../src/dashboard/signals/signal-series.js';
import { bins, signalInfo } from '../signal-messages.js';

const COLOUR = 0xff112233;

it.each([
  [500, 'neighbours alone are joined'],
  [4, 'over some columns'],
  [0, 'over three seconds'],
])('at %i Hz, what is drawn bit by bit is what is drawn at once: %s', (sfreq) => {
  const step = fc.record({
    // Ahead, late, or after a clock that was set.
    ahead: fc.oneof(fc.integer({ min: 0, max: 90 }), fc.integer({ min: -40, max: 1500 }), fc.constant(-5000)),
    rows: fc.array(
      fc.option(
        fc.tuple(fc.double({ min: -50, max: 50, noNaN: true }), fc.double({ min: 0, max: 9, noNaN: true })),
      ),
      { maxLength: 8 },
    ),
    // Another stream may be ahead of this one.
    lag: fc.integer({ min: 0, max: 30 }),
    isDrawn: fc.boolean(),
    colour: fc.constantFrom(COLOUR, COLOUR, COLOUR, 0xff000000),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
      const info = signalInfo({ type: 'EEG', sfreq, labels: ['Cz', 'Pz'], unit: 'uV' });
      const series = new SignalSeries(info);
      const image = new LaneImage(series, 9);
      let [next, right] = [100, Number.NEGATIVE_INFINITY];
      for (const { ahead, rows, lag, isDrawn, colour } of steps) {
        next += ahead;
        const least = rows.map((row) => row && [row[0], -row[0]]);
        const greatest = rows.map((row) => row && [row[0] + row[1], row[1] - row[0]]);
        series.take(bins({ id: 'eeg', first: next, least, greatest }));
        next += rows.length;
        if (!isDrawn || series.newest === null) continue;
        right = series.newest + lag;
        image.draw(right, colour);
        const whole = new LaneImage(series, 9);
        whole.draw(right, colour);
        // A line that came from beyond the left edge goes on to it.
        const same = (pixels: Uint32Array) =>
          pixels.map((pixel, i) => (i % COLUMNS < series.joined ? 0 : pixel));
        expect(
          Buffer.compare(Buffer.from(same(image.pixels).buffer), Buffer.from(same(whole.pixels).buffer)),
        ).toBe(0);
      }
    }),
    { numRuns: 60 },
  );
});
