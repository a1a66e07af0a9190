import { describe, expect, it } from 'vitest';
import reference from '../../../../fixtures/eye/eye.json' with { type: 'json' };
import type { FeatureVector } from '../../../../src/core/features.js';
import type { Windower } from '../../../../src/core/processor.js';
import type { Marker } from '../../../../src/core/signal.js';
import { extract } from '../../../../src/signal/transforms/extract.js';
import { type GazeScene, simulateGazeScene } from '../../../../src/simulation/gaze-scene.js';
import { cutChunk } from '../../../../src/testing/chunk-invariance.js';
import { chunkOf } from '../../../../src/testing/stream-fixtures.js';
import { named, streamWith, units, vectorAt, vectorsOf } from '../extractor-runs.js';

const FEATURE = 'eye-movement';
const SECONDS = 70;
const scene = simulateGazeScene({
  seed: 5,
  sfreq: 250,
  duration_s: SECONDS,
  pursuitShare: 0,
  noise_deg: 0.02,
  blinks_per_min: 12,
});

const eye = (unit: string) =>
  streamWith('Gaze', 250, [
    ['x', unit],
    ['y', unit],
    ['left_pupil', 'mm'],
    ['right_pupil', 'mm'],
  ]);
const rowsOf = ({ x, y, pupil }: GazeScene, map: (deg: number, axis: number) => number = (v) => v) => [
  [...x].map((v) => map(v, 0)),
  [...y].map((v) => map(v, 1)),
  [...pupil],
  [...pupil].map((p) => p + 0.3),
];
const vectorOf = (unit: string, rows: number[][], time: number, own: object = {}) =>
  vectorAt(FEATURE, eye(unit), rows, time, { features: [{ name: FEATURE, ...own }] });

/** Names in the order of the paper's table. */
const names = [
  ...['x_mean', 'y_mean', 'x_sd', 'y_sd'].map((n) => `pupil.${n}`),
  ...['x', 'y'].flatMap((axis) =>
    ['0_200', '200_400', '400_600', '600_1000'].map((band) => `pupil.${axis}_de_${band}_mhz_20s`),
  ),
  ...[
    'dispersion_x_mean',
    'dispersion_y_mean',
    'dispersion_x_sd',
    'dispersion_y_sd',
    'duration_mean',
    'duration_sd',
  ].map((n) => `fixation.${n}`),
  'blink.duration_mean_60s',
  'blink.duration_sd_60s',
  ...['duration_mean', 'amplitude_mean', 'duration_sd', 'amplitude_sd'].map((n) => `saccade.${n}`),
  'blink.frequency_60s',
  'fixation.frequency_60s',
  'fixation.duration_max_60s',
  'fixation.dispersion_total_60s',
  'fixation.dispersion_max_60s',
  'saccade.frequency_60s',
  'saccade.duration_mean_60s',
  'saccade.amplitude_mean_60s',
  'saccade.latency_mean_60s',
];

/** True events of the minute before `time`. */
const truly = (kind: string, time: number) =>
  scene.truth.filter((t) => t.kind === kind && t.end_s > time - 60 && t.end_s < time - 0.1);
const average = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

describe(FEATURE, () => {
  it("has the 33 features in the table's order", () => {
    const vector = vectorOf('deg', rowsOf(scene), 65);
    expect(Object.keys(named(vector))).toEqual(names);
    expect(names).toHaveLength(33);
    expect(units(vector)['fixation.dispersion_total_60s']).toBe('deg');
    expect(vector.present).not.toContain(0);
  });

  it('measures what really happened', () => {
    const time = 65;
    const values = named(vectorOf('deg', rowsOf(scene), time));
    const near = (name: string, truth: number, share: number) =>
      expect(Math.abs(values[name]! / truth - 1), `${name} ${values[name]} ${truth}`).toBeLessThan(share);
    const [blinks, fixations, saccades] = ['blink', 'fixation', 'saccade'].map((kind) => truly(kind, time));
    const span_ms = (of: typeof blinks) => average(of.map((e) => 1000 * (e.end_s - e.onset_s)));
    near('blink.frequency_60s', blinks.length / 60, 0.02);
    near('blink.duration_mean_60s', span_ms(blinks), 0.06);
    near('fixation.frequency_60s', fixations.length / 60, 0.08);
    near('saccade.frequency_60s', saccades.length / 60, 0.05);
    near('saccade.duration_mean_60s', span_ms(saccades), 0.2);
    near('fixation.duration_max_60s', 1000 * Math.max(...fixations.map((e) => e.end_s - e.onset_s)), 0.1);
    // 21 ms + 2.2 ms a degree.
    const amplitude = average(saccades.map((e) => (e.end_s - e.onset_s - 0.021) / 0.0022));
    near('saccade.amplitude_mean_60s', amplitude, 0.1);
  });

  it('takes means and deviations over the window', () => {
    const values = named(vectorOf('deg', rowsOf(scene), 65));
    const sizes = [...scene.pupil].slice(61 * 250, 65 * 250).filter((p) => p > 0);
    expect(values['pupil.x_mean']).toBeCloseTo(average(sizes), 9);
    expect(values['pupil.y_mean']).toBeCloseTo(average(sizes) + 0.3, 9);
    expect(values['pupil.x_sd']).toBeCloseTo(
      Math.sqrt(average(sizes.map((p) => (p - average(sizes)) * (p - average(sizes))))),
      9,
    );
  });

  it.each(reference.cases.map((c) => [c.x.length / 10, c] as const))(
    "has the pupil's bands of scipy after %i s",
    (seconds, { x, de }) => {
      // Six equal samples to each bin of the reference.
      const pupil = x.flatMap((v) => Array(6).fill(v) as number[]);
      const still = pupil.map(() => 0);
      const info = { ...eye('deg'), sfreq: 60 };
      const vector = vectorAt(FEATURE, info, [still, still, pupil, pupil], seconds);
      for (const [b, value] of de.entries())
        expect(Math.abs(vector.values[4 + b] - value)).toBeLessThan(1e-9);
    },
  );

  it('leaves out for the first 5 s what looks back', () => {
    const rows = rowsOf(scene);
    const chunk = chunkOf(eye('deg'), rows, 0);
    const [early, late] = vectorsOf(FEATURE, eye('deg'), [chunk], [4.5, 5]);
    const masked = (v: typeof early) => names.filter((_, i) => !v.present[i]);
    expect(masked(early)).toEqual(expect.arrayContaining(names.filter((n) => /_\d\ds$/.test(n))));
    expect(late.present[25]).toBe(1);
    expect(late.present[4]).toBe(1);
  });

  it('masks degrees where nobody tells where the screen is, and finds the same events', () => {
    const px = rowsOf(scene, (deg, axis) => [960, 540][axis] + 38 * deg);
    const degrees = named(vectorOf('deg', rowsOf(scene), 65));
    const values = named(vectorOf('px', px, 65));
    for (const name of names) {
      if (name.includes('amplitude')) expect(values[name], name).toBeNull();
      else if (name.includes('dispersion')) expect(values[name]! / 38, name).toBeCloseTo(degrees[name]!, 6);
      else expect(values[name], name).toBeCloseTo(degrees[name]!, 6);
    }
    expect(units(vectorOf('px', px, 65))['fixation.dispersion_x_mean']).toBe('px');
  });

  it('gives degrees where the screen is known', () => {
    const screen = { width_px: 1920, height_px: 1080, width_cm: 53, height_cm: 30, distance_cm: 65 };
    const place = (deg: number, extent: number, extent_cm: number) =>
      extent * (0.5 + (Math.tan((deg * Math.PI) / 180) * screen.distance_cm) / extent_cm);
    const px = rowsOf(scene, (deg, axis) => (axis === 0 ? place(deg, 1920, 53) : place(deg, 1080, 30)));
    const norm = rowsOf(scene, (deg, axis) => (axis === 0 ? place(deg, 1, 53) : place(deg, 1, 30)));
    const degrees = named(vectorOf('deg', rowsOf(scene), 65));
    for (const vector of [vectorOf('px', px, 65, { screen }), vectorOf('norm', norm, 65, { screen })])
      for (const [name, value] of Object.entries(named(vector)))
        expect(value, name).toBeCloseTo(degrees[name]!, 6);
  });

  it.each([
    [30, true],
    [60, false],
    [250, false],
  ])('says at %i Hz whether saccades can be relied on', (sfreq, unreliable) => {
    const rows = rowsOf(scene).map((row) => row.slice(0, 6 * sfreq));
    const { features } = vectorAt(FEATURE, { ...eye('deg'), sfreq }, rows, 6).schema;
    for (const { channel, unreliable: flag } of features)
      expect(flag ?? false).toBe(channel === 'saccade' && unreliable);
  });

  it('takes a pupil that never changes for one without bands, and a gaze that never moves for one fixation', () => {
    const n = 10 * 250;
    const values = named(
      vectorOf(
        'deg',
        [3, 1, 3.4, 3.4].map((v) => Array<number>(n).fill(v)),
        10,
      ),
    );
    expect(values['pupil.x_mean']).toBeCloseTo(3.4, 12);
    expect(values['pupil.x_sd']).toBe(0);
    for (const name of names.filter((own) => own.includes('_de_'))) expect(values[name], name).toBeNull();
    expect(values['saccade.frequency_60s']).toBe(0);
    expect(values['blink.frequency_60s']).toBe(0);
  });

  it('counts nothing twice and nothing across a clock that was reset', () => {
    const rows = rowsOf(scene);
    const part = (from: number, to: number) => rows.map((row) => row.slice(from * 250, to * 250));
    const info = eye('deg');
    const [whole] = vectorsOf(FEATURE, info, [chunkOf(info, part(0, 30), 0)], [30]);
    // The clock leaps on by an hour in the middle: what comes after it is a beginning of its own.
    const [reset] = vectorsOf(
      FEATURE,
      info,
      [chunkOf(info, part(0, 10), 0), chunkOf(info, part(0, 30), 3600, true)],
      [3630],
    );
    for (const [i, name] of names.entries())
      if (!name.endsWith('60s')) expect(reset.values[i], name).toBeCloseTo(whole.values[i], 6);
    // Half of the last minute was not seen: what looks back on it is masked or takes what there is.
    for (const [i, name] of names.entries())
      if (name.endsWith('frequency_60s') && reset.present[i])
        expect(reset.values[i], name).toBeLessThanOrEqual(whole.values[i]);
  });

  it('gives degrees where the sender of the stream tells the screen; the file comes first', () => {
    const screen = {
      width_px: 1920,
      height_px: 1080,
      width_m: 0.53,
      height_m: 0.3,
      distance_m: 0.65,
    };
    const place = (deg: number, extent: number, extent_cm: number, from: number) =>
      extent * (from + (Math.tan((deg * Math.PI) / 180) * 65) / extent_cm);
    const degrees = named(vectorOf('deg', rowsOf(scene), 65));
    for (const [origin, from] of [
      ['top-left', 0.5],
      ['center', 0],
    ] as const) {
      const px = rowsOf(scene, (deg, axis) =>
        axis === 0 ? place(deg, 1920, 53, from) : place(deg, 1080, 30, from),
      );
      const info = { ...eye('px'), screen: { ...screen, origin } };
      const own = vectorAt(FEATURE, info, px, 65);
      for (const [name, value] of Object.entries(named(own)))
        expect(value, name).toBeCloseTo(degrees[name]!, 6);
      expect(units(own)['fixation.dispersion_x_mean']).toBe('deg');
      const file = { width_px: 1920, height_px: 1080, width_cm: 53, height_cm: 30, distance_cm: 130 };
      const features = [{ name: FEATURE, screen: file }];
      const far = named(vectorAt(FEATURE, info, px, 65, { features }));
      expect(far['saccade.amplitude_mean_60s']! / degrees['saccade.amplitude_mean_60s']!).toBeLessThan(0.6);
    }
  });

  it('finds no events where gaze has no unit or comes too slowly', () => {
    const counted = (vector: ReturnType<typeof vectorOf>) =>
      [...vector.present.subarray(12)].filter(Boolean).length;
    expect(counted(vectorOf('', rowsOf(scene), 65))).toBe(0);
    const slow = { ...eye('deg'), sfreq: 20 };
    const some = rowsOf(scene).map((row) => row.slice(0, 400));
    expect(counted(vectorAt(FEATURE, slow, some, 15))).toBe(0);
  });

  it('splits width and height of a pupil', () => {
    const info = streamWith('Gaze', 250, [
      ['Diameter_X_left', 'px'],
      ['Diameter_Y_left', 'px'],
    ]);
    const row = (value: number) => Array<number>(1500).fill(value);
    const values = named(vectorAt(FEATURE, info, [row(20), row(18)], 6));
    expect([values['pupil.x_mean'], values['pupil.y_mean']]).toEqual([20, 18]);
  });
});

describe(`${FEATURE} with the device's events`, () => {
  const info = eye('deg');
  /** What a tracker would tell at each event's end: it is always right, but sees the saccades of the left eye only. */
  const markers = scene.truth
    .filter(({ kind }) => kind === 'fixation' || kind === 'saccade' || kind === 'blink')
    .map(({ kind, onset_s, end_s }): Marker => {
      const time = Math.ceil(end_s * 250 - 1e-9) / 250;
      const onset = Math.ceil(onset_s * 250 - 1e-9) / 250;
      return { stream: 'events', time, value: `${kind} duration_s=${(time - onset).toFixed(6)} eye=left` };
    });

  function closed(time: number, marks: readonly Marker[], own: object, pieces = 1): FeatureVector {
    const windower = extract.create(
      extract.params.parse({ features: [{ name: FEATURE, ...own }] }),
    ) as Windower<FeatureVector>;
    windower.reset(info, 'start');
    const chunk = chunkOf(info, rowsOf(scene), 0);
    for (const mark of marks) if (mark.time < time) windower.mark!(mark);
    for (const piece of pieces === 1 ? [chunk] : cutChunk(chunk, [pieces])) {
      if (piece.times[0] >= time) break;
      windower.push(piece);
    }
    return windower.close(time);
  }

  it('has their frequencies and lengths', () => {
    const values = named(closed(65, markers, { events: 'device' }));
    for (const kind of ['fixation', 'saccade', 'blink'] as const) {
      const told = markers.filter((m) => m.value.startsWith(kind) && m.time > 5 && m.time < 65);
      expect(values[`${kind}.frequency_60s`]! * 60, kind).toBeCloseTo(told.length, 0);
    }
    const truth = scene.truth.filter((t) => t.kind === 'saccade' && t.end_s > 5 && t.end_s < 65);
    const amplitude = average(truth.map((t) => (t.end_s - t.onset_s - 0.021) / 0.0022));
    expect(Math.abs(values['saccade.amplitude_mean_60s']! / amplitude - 1)).toBeLessThan(0.1);
    expect(values['fixation.dispersion_x_mean']).toBeGreaterThan(0);
  });

  it('leaves them alone where computed events are asked for, and computes what the device does not tell', () => {
    const computed = closed(65, [], {});
    expect(closed(65, markers, { events: 'computed' })).toEqual(computed);
    expect(closed(65, [], { events: 'device' }).values).toEqual(computed.values);
    const blinks = named(
      closed(
        65,
        markers.filter((m) => m.value.startsWith('fixation')),
        { events: 'device' },
      ),
    );
    expect(blinks['blink.frequency_60s']).toBe(named(computed)['blink.frequency_60s']);
    expect(blinks['fixation.frequency_60s']).not.toBe(named(computed)['fixation.frequency_60s']);
  });

  it("depends neither on chunks nor on what comes later, and keeps to one eye's events", () => {
    const whole = closed(30, markers, { events: 'device' });
    expect(closed(30, markers, { events: 'device' }, 37)).toEqual(whole);
    const other = markers.flatMap((m) => [m, { ...m, value: m.value.replace('left', 'right') }]);
    expect(closed(30, other, { events: 'device' })).toEqual(whole);
    const late = { stream: 'events', time: 30, value: 'fixation duration_s=3 eye=left' };
    expect(closed(30, [...markers.filter((m) => m.time < 30), late], { events: 'device' })).toEqual(whole);
  });

  it('leaves out saccades around blinks', () => {
    const [onset, end] = [20, 20.3];
    const blink = { stream: 'events', time: end - 0.02, value: 'blink duration_s=0.26 eye=left' };
    const around = { stream: 'events', time: end, value: `saccade duration_s=${end - onset} eye=left` };
    const before = named(closed(30, [...markers, blink], { events: 'device' }));
    const after = named(closed(30, [...markers, blink, around], { events: 'device' }));
    expect(after['saccade.frequency_60s']).toBe(before['saccade.frequency_60s']);
  });
});
