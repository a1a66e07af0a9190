import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { DatasetRecording } from '../../../src/learn/datasets/dataset.js';
import { simulatedFeatures } from '../../../src/learn/datasets/simulated-features.js';

type FeatureRecording = Extract<DatasetRecording, { kind: 'features' }>;
type Settings = z.input<typeof simulatedFeatures.settings>;

const deapLike = {
  seed: 'test',
  people: 12,
  trials: 20,
  windows: 20,
  labels: { kind: 'dimensions', dimensions: ['valence', 'arousal'] },
  modalities: {
    eeg: { features: 12, effect: { valence: 1.5 } },
    eda: { features: 1, effect: { arousal: 1 } },
  },
};

const seedLike = {
  seed: 'test',
  people: 4,
  sessions: 3,
  trials: 15,
  windows: 10,
  stimuli: 15,
  labels: { kind: 'classes', classes: ['negative', 'neutral', 'positive'] },
  modalities: { eeg: { features: 20, effect: { negative: 1, positive: 2 } } },
};

async function openWith(changes: object, base: object = deapLike) {
  return simulatedFeatures.open(
    simulatedFeatures.settings.parse({ ...base, ...changes } as Settings),
    '/nowhere',
  );
}

async function all(changes: object, base: object = deapLike): Promise<FeatureRecording[]> {
  const dataset = await openWith(changes, base);
  const found: FeatureRecording[] = [];
  for (const person of dataset.people)
    for await (const recording of dataset.recordings(person)) {
      if (recording.kind !== 'features') throw new Error('simulated features are features');
      found.push(recording);
    }
  return found;
}

/** Rows of one modality, with the label of each. */
function rowsOf(recordings: readonly FeatureRecording[], modality: string) {
  return recordings.flatMap(({ windows, trial, person }) => {
    const { values, features } = windows.modalities.get(modality)!;
    return Array.from({ length: windows.count }, (_, w) => ({
      person,
      trial: `${person}/${trial.trial}`,
      label: windows.labels?.[w] ?? trial.label!,
      x: values.subarray(w * features.length, (w + 1) * features.length),
    }));
  });
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const covariance = (a: readonly number[], b: readonly number[]) => {
  const [ma, mb] = [mean(a), mean(b)];
  return mean(a.map((value, i) => (value - ma) * (b[i] - mb)));
};
const correlation = (a: readonly number[], b: readonly number[]) =>
  covariance(a, b) / Math.sqrt(covariance(a, a) * covariance(b, b));
const norm = (values: readonly number[]) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

describe('simulated features', () => {
  it('give the same numbers for a seed, others for another, whoever is asked first', async () => {
    const once = await all({});
    expect(await all({})).toEqual(once);
    const others = await all({ seed: 'other' });
    expect(others[0].windows.modalities.get('eeg')).not.toEqual(once[0].windows.modalities.get('eeg'));
    const dataset = await openWith({});
    for await (const first of dataset.recordings('p12')) {
      expect(first).toEqual(once.find(({ person }) => person === 'p12'));
      break;
    }
  });

  it('lay out people, sessions, trials and windows as asked', async () => {
    const dataset = await openWith({}, seedLike);
    expect(dataset.people).toEqual(['p1', 'p2', 'p3', 'p4']);
    expect(dataset.classes).toEqual(['negative', 'neutral', 'positive']);
    expect(dataset.dimensions).toEqual([]);
    const recordings = await all({}, seedLike);
    expect(recordings).toHaveLength(4 * 3 * 15);
    const own = recordings.filter(({ person }) => person === 'p2');
    expect(new Set(own.map(({ trial }) => trial.trial)).size).toBe(45);
    expect(own.map(({ trial }) => trial.position)).toEqual(
      [...'123'].flatMap(() => Array.from({ length: 15 }, (_, i) => i)),
    );
    expect(new Set(own.map(({ session }) => session))).toEqual(new Set(['1', '2', '3']));
    const { windows } = own[0];
    expect(windows).toMatchObject({ window_s: 4, hop_s: 4, count: 10, labels: null });
    expect(windows.modalities.get('eeg')!.values).toHaveLength(10 * 20);
    expect(windows.modalities.get('eeg')!.features[19]).toEqual({ channel: 'eeg', feature: 'f20', unit: '' });
  });

  it('give everybody the same stimuli with the same classes, each run of them whole', async () => {
    const recordings = await all({}, seedLike);
    const classes = new Map<string, Set<number>>();
    for (const { trial } of recordings) {
      const seen = classes.get(trial.stimulus!) ?? new Set();
      classes.set(trial.stimulus!, seen.add(trial.label!.class!));
    }
    expect(classes.size).toBe(15);
    for (const seen of classes.values()) expect(seen.size).toBe(1);
    const first = recordings.slice(0, 9).map(({ trial }) => trial.label!.class!);
    expect([0, 1, 2].map((c) => first.filter((one) => one === c).length)).toEqual([3, 3, 3]);
  });

  it('shuffle the stimuli of each session where asked', async () => {
    const recordings = await all({ order: 'shuffled' });
    const orders = new Set<string>();
    for (let p = 0; p < 12; p++) {
      const stimuli = recordings.slice(p * 20, (p + 1) * 20).map(({ trial }) => trial.stimulus);
      expect(new Set(stimuli).size).toBe(20);
      orders.add(stimuli.join());
    }
    expect(orders.size).toBe(12);
  });

  it('move a modality by d for a label that is higher by 1', async () => {
    const labels = { ...deapLike.labels, stimulus_share: 0 };
    const rows = rowsOf(await all({ people: 25, labels }), 'eeg');
    const slopes = (dimension: 'valence' | 'arousal') => {
      const y = rows.map(({ label }) => label.targets[dimension]!);
      const variance = covariance(y, y);
      return Array.from(
        { length: 12 },
        (_, f) =>
          covariance(
            y,
            rows.map(({ x }) => x[f]),
          ) / variance,
      );
    };
    expect(norm(slopes('valence'))).toBeCloseTo(1.5, 1);
    expect(norm(slopes('arousal'))).toBeLessThan(0.15);
  });

  it('move a class’s mean by its d, each in a direction of its own', async () => {
    const rows = rowsOf(await all({ people: 30 }, seedLike), 'eeg');
    const means = [0, 1, 2].map((c) => {
      const own = rows.filter(({ label }) => label.class === c);
      return Array.from({ length: 20 }, (_, f) => mean(own.map(({ x }) => x[f])));
    });
    expect(norm(means[0])).toBeCloseTo(1, 1);
    expect(norm(means[1])).toBeLessThan(0.1);
    expect(norm(means[2])).toBeCloseTo(2, 1);
    expect(Math.abs(means[0].reduce((sum, value, f) => sum + value * means[2][f], 0))).toBeLessThan(0.1);
  });

  it('carry the effects in no more features than asked', async () => {
    const modalities = { eeg: { features: 30, informative: 3, effect: { valence: 4 } } };
    const rows = rowsOf(await all({ modalities }), 'eeg');
    const y = rows.map(({ label }) => label.targets.valence!);
    const correlations = Array.from({ length: 30 }, (_, f) =>
      Math.abs(
        correlation(
          y,
          rows.map(({ x }) => x[f]),
        ),
      ),
    );
    expect(correlations.filter((r) => r > 0.08).length).toBeLessThanOrEqual(3);
    expect(Math.max(...correlations)).toBeGreaterThan(0.5);
  });

  it('tell trials apart by drift that knows nothing of emotion', async () => {
    const modalities = { eeg: { features: 40 } };
    const rows = rowsOf(await all({ people: 1, modalities, trial_drift_sd: 2 }), 'eeg');
    const near = rows.filter((row) => {
      let [best, closest] = [Number.POSITIVE_INFINITY, row];
      for (const other of rows) {
        if (other === row) continue;
        const distance = norm(Array.from(row.x, (value, f) => value - other.x[f]));
        if (distance < best) [best, closest] = [distance, other];
      }
      return closest.trial === row.trial;
    });
    expect(near.length / rows.length).toBeGreaterThan(0.99);
  });

  it('have modalities err together as far as they are redundant', async () => {
    for (const redundancy of [0, 0.7]) {
      const one = { features: 1, effect: { valence: 1 } };
      const recordings = await all({
        modalities: { a: one, b: one },
        expression: { sd: 5, redundancy, memory: 0 },
      });
      const [a, b] = ['a', 'b'].map((name) => rowsOf(recordings, name).map(({ x }) => x[0]));
      expect(Math.abs(correlation(a, b))).toBeCloseTo(redundancy, 1);
    }
  });

  it('have shared latents move all modalities, and specific ones only theirs', async () => {
    const modalities = { a: { features: 1 }, b: { features: 1 } };
    const between = async (latents: object) => {
      const recordings = await all({ modalities, latents });
      const [a, b] = ['a', 'b'].map((name) => rowsOf(recordings, name).map(({ x }) => x[0]));
      return { r: Math.abs(correlation(a, b)), variance: covariance(a, a) };
    };
    const shared = await between({ shared: 1, sd: 3 });
    expect(shared.r).toBeCloseTo(0.9, 1);
    const specific = await between({ specific: 1, sd: 3 });
    expect(specific.r).toBeLessThan(0.1);
    expect(specific.variance).toBeGreaterThan(8);
  });

  it('hide the unsigned share of an effect from means, not from spread', async () => {
    const modalities = { eeg: { features: 1, effect: { negative: 3, positive: 3 }, unsigned_share: 1 } };
    const rows = rowsOf(await all({ modalities, people: 10 }, seedLike), 'eeg');
    const of = (c: number) => rows.filter(({ label }) => label.class === c).map(({ x }) => x[0]);
    expect(Math.abs(mean(of(0)))).toBeLessThan(0.3);
    expect(covariance(of(0), of(0))).toBeGreaterThan(8);
    expect(Math.abs(covariance(of(1), of(1)) - 1)).toBeLessThan(0.1);
  });

  it('give people offsets, gains and directions of their own', async () => {
    const modalities = { eeg: { features: 1 } };
    const rows = rowsOf(await all({ modalities, person: { offset_sd: 10, gain_sd: 1 }, people: 40 }), 'eeg');
    const people = [...new Set(rows.map(({ person }) => person))].map((person) =>
      rows.filter((row) => row.person === person).map(({ x }) => x[0]),
    );
    const offsets = people.map(mean);
    expect(Math.sqrt(covariance(offsets, offsets))).toBeGreaterThan(7);
    const gains = people.map((values) => Math.log(Math.sqrt(covariance(values, values))));
    expect(Math.abs(Math.sqrt(covariance(gains, gains)) - 1)).toBeLessThan(0.4);

    const turned = await all({
      people: 16,
      modalities: { eeg: { features: 64, effect: { valence: 12 } } },
      person: { direction_sd: 1 },
    });
    const slopes = [...new Set(turned.map(({ person }) => person))].map((person) => {
      const own = rowsOf(turned, 'eeg').filter((row) => row.person === person);
      const y = own.map(({ label }) => label.targets.valence!);
      const raw = Array.from({ length: 64 }, (_, f) => {
        const x = own.map((row) => row.x[f]);
        return covariance(y, x);
      });
      return raw.map((value) => value / norm(raw));
    });
    const cosines = slopes.flatMap((one, i) =>
      slopes.slice(i + 1).map((other) => one.reduce((sum, value, f) => sum + value * other[f], 0)),
    );
    expect(mean(cosines)).toBeCloseTo(0.5, 1);
  });

  it('remember noise from window to window', async () => {
    const recordings = await all({
      noise: { sd: 2, memory: 0.8 },
      windows: 100,
      modalities: { eeg: { features: 1 } },
    });
    const pairs = recordings.flatMap(({ windows }) => {
      const { values } = windows.modalities.get('eeg')!;
      return Array.from({ length: 99 }, (_, w) => [values[w], values[w + 1]] as const);
    });
    const [before, after] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
    expect(correlation(before, after)).toBeCloseTo(0.8, 1);
    expect(Math.sqrt(covariance(before, before))).toBeCloseTo(2, 1);
  });

  it('lack modalities in bursts, and for whole people', async () => {
    const modalities = {
      eeg: { features: 2, missing_rate: 0.3, missing_run: 5 },
      eda: { features: 1, absent_share: 0.25 },
    };
    const recordings = await all({ modalities, windows: 200 });
    let [missing, runs, count] = [0, 0, 0];
    for (const { windows } of recordings) {
      const { values } = windows.modalities.get('eeg')!;
      for (let w = 0; w < windows.count; w++) {
        expect(Number.isNaN(values[2 * w])).toBe(Number.isNaN(values[2 * w + 1]));
        count++;
        if (!Number.isNaN(values[2 * w])) continue;
        missing++;
        if (w === 0 || !Number.isNaN(values[2 * w - 2])) runs++;
      }
    }
    expect(missing / count).toBeCloseTo(0.3, 1);
    expect(missing / runs).toBeGreaterThan(4.3);
    expect(missing / runs).toBeLessThan(5.7);
    const without = new Set(
      recordings.flatMap(({ person, windows }) =>
        windows.modalities.get('eda')!.values.every(Number.isNaN) ? [person] : [],
      ),
    );
    expect(without.size).toBe(3);
  });

  it('are disturbed in bursts: louder, with what is left of the effects, and otherwise the same set', async () => {
    const eeg = { features: 2, effect: { valence: 3 } };
    const disturbed = { share: 0.3, run: 5, noise: 3, effect_left: 0.5 };
    const changes = { windows: 200, trials: 10 };
    const clean = await all({ ...changes, modalities: { eeg } });
    const loud = await all({ ...changes, modalities: { eeg: { ...eeg, disturbed } } });
    const quiet = await all({
      ...changes,
      modalities: { eeg: { ...eeg, disturbed: { share: 0.3, run: 5, effect_left: 0 } } },
    });
    let [changed, runs, count, size] = [0, 0, 0, 0];
    for (const [r, { windows }] of clean.entries()) {
      const values = (set: typeof clean): Float32Array => set[r].windows.modalities.get('eeg')!.values;
      let before = false;
      for (let w = 0; w < windows.count; w++) {
        const row = (set: typeof clean): number[] => [...values(set).subarray(2 * w, 2 * w + 2)];
        const now = norm(row(clean).map((x, f) => x - row(loud)[f])) > 0;
        count++;
        if (now) {
          changed++;
          // What a set without effects and one with half of them say: noise is theirs in common, three times in the second.
          const [whole, half, none] = [row(clean), row(loud), row(quiet)];
          for (const f of [0, 1]) expect(half[f]).toBeCloseTo(3 * none[f] + 0.5 * (whole[f] - none[f]), 4);
          size += norm(none) ** 2;
          if (!before) runs++;
        } else expect(row(quiet)).toEqual(row(clean));
        before = now;
      }
    }
    expect(size / changed).toBeCloseTo(2, 0);
    expect(changed / count).toBeCloseTo(0.3, 1);
    expect(changed / runs).toBeGreaterThan(4.3);
    expect(changed / runs).toBeLessThan(5.7);
  });

  it('rate on steps, and let labels wander within a trial', async () => {
    const labels = { kind: 'dimensions', dimensions: ['valence'], steps: 5, wander_sd: 0.3 };
    const modalities = { eeg: { features: 1, effect: { valence: 1 } } };
    const recordings = await all({ labels, modalities });
    const seen = new Set<number>();
    let changes = 0;
    for (const { windows, trial } of recordings) {
      seen.add(trial.label!.targets.valence!);
      expect(windows.labels).toHaveLength(windows.count);
      for (const label of windows.labels!) seen.add(label.targets.valence!);
      if (new Set(windows.labels!.map((label) => label.targets.valence)).size > 1) changes++;
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([-1, -0.5, 0, 0.5, 1]);
    expect(changes).toBeGreaterThan(recordings.length / 2);
  });

  it('share the ratings’ variance between stimulus and person as asked', async () => {
    const rating = async (stimulus_share: number) => {
      const labels = { kind: 'dimensions', dimensions: ['valence'], sd: 0.2, stimulus_share };
      const modalities = { eeg: { features: 1 } };
      const recordings = await all({ labels, modalities, people: 2, trials: 400, windows: 1 });
      const [a, b] = [recordings.slice(0, 400), recordings.slice(400)].map((own) =>
        own.map(({ trial }) => trial.label!.targets.valence!),
      );
      return correlation(a, b);
    };
    expect(await rating(1)).toBeCloseTo(1, 6);
    expect(Math.abs((await rating(0.5)) - 0.5)).toBeLessThan(0.12);
    expect(Math.abs(await rating(0))).toBeLessThan(0.15);
  });

  it.each([
    [{ modalities: {} }, 'modalities: at least one modality is needed'],
    [
      { modalities: { eeg: { features: 3, effect: { joy: 1 } } } },
      "modalities.eeg.effect.joy: 'joy' is none of the labels (valence, arousal)",
    ],
    [
      { modalities: { eeg: { features: 3, informative: 4 } } },
      'modalities.eeg.informative: there are only 3 features',
    ],
    [{ labels: { kind: 'classes', classes: ['a', 'a'] }, modalities: { e: { features: 1 } } }, 'comes twice'],
  ])('refuse settings that can’t be: %j', async (changes, message) => {
    const parsed = simulatedFeatures.settings.safeParse({ ...deapLike, ...changes });
    expect(parsed.success).toBe(false);
    await expect(
      simulatedFeatures.open({ ...deapLike, ...changes } as never, '/nowhere'),
    ).rejects.toMatchObject({
      code: 'dataset-settings-invalid',
      exitCode: 2,
      message: expect.stringContaining(message),
    });
  });
});
