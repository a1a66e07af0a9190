import { z } from 'zod';
import { ConfigurationError } from '../../core/errors.js';
import type { FeatureDescriptor } from '../../core/features.js';
import { Random } from '../../core/random.js';
import { shuffled } from '../../core/shuffled.js';
import {
  type Dataset,
  type DatasetDefinition,
  type DatasetRecording,
  type FeatureWindows,
  type Label,
  type RatedDimension,
  ratedDimensions,
} from './dataset.js';

const sd = z.number().min(0);
const share = z.number().min(0).max(1);
const memory = z.number().min(0).lt(1);

const classLabels = z.strictObject({
  kind: z.literal('classes'),
  classes: z
    .array(z.string().min(1))
    .min(2)
    .describe('Names of the classes. Each run of as many stimuli as there are classes has each class once.'),
});

const dimensionLabels = z.strictObject({
  kind: z.literal('dimensions'),
  dimensions: z.array(z.enum(ratedDimensions)).min(1),
  sd: z.number().positive().default(0.5).describe('SD of ratings on -1..1, before they are cut to it.'),
  stimulus_share: share
    .default(0.5)
    .describe('Share of the variance of ratings that the stimulus has; the rest is the person’s own taste.'),
  steps: z
    .int()
    .min(2)
    .nullable()
    .default(null)
    .describe('Ratings are given in this many equal steps on -1..1 (5 as in DREAMER); null: any value.'),
  wander_sd: sd
    .default(0)
    .describe('SD by which the label of single windows wanders about the trial’s; 0: one label a trial.'),
  wander_memory: memory.default(0.9).describe('Correlation of the wandering from one window to the next.'),
});

const modality = z.strictObject({
  features: z.int().positive(),
  effect: z
    .record(z.string(), z.number())
    .default({})
    .describe(
      'Effect size d of each dimension or class, 0 where not named: how far a label that is higher by 1, or the class instead of none, moves the modality’s mean, in SDs of its windows’ noise.',
    ),
  informative: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('Features that carry the effects; null: all of them.'),
  unsigned_share: share
    .default(0)
    .describe(
      'Share of the effects that appears with a random sign in each window, in a direction of its own: no linear model sees it.',
    ),
  missing_rate: memory.default(0).describe('Share of windows in which the modality is missing.'),
  missing_run: z
    .number()
    .min(1)
    .default(1)
    .describe('Mean length of an absence, windows; where chance alone gives longer ones, those.'),
  absent_share: share.default(0).describe('Share of people who lack the modality altogether.'),
  disturbed: z
    .strictObject({
      share: memory.describe('Share of windows that are disturbed.'),
      run: z.number().min(1).default(1).describe('Mean length of a disturbance, windows.'),
      noise: z.number().positive().default(1).describe('Noise in it, in multiples of the usual.'),
      effect_left: share.default(0).describe('Share of the effects that is left in it.'),
    })
    .optional()
    .describe('Windows that are there and tell less, as where an electrode comes loose or the gaze is lost.'),
});

const settings = z
  .strictObject({
    name: z.string().min(1).default('simulated'),
    seed: z.string().min(1).describe('Everything is drawn from it.'),
    people: z.int().positive(),
    sessions: z.int().positive().default(1).describe('Sessions of each person.'),
    trials: z.int().positive().describe('Trials of each session.'),
    windows: z.int().positive().describe('Windows of each trial.'),
    window_s: z.number().positive().default(4),
    hop_s: z.number().positive().default(4).describe('Time from one window to the next, s.'),
    stimuli: z
      .int()
      .positive()
      .nullable()
      .default(null)
      .describe(
        'Different stimuli, the same for all people, gone through in turn; null: as many as a session has trials. As many as all sessions have: no stimulus comes twice.',
      ),
    order: z
      .enum(['fixed', 'shuffled'])
      .default('fixed')
      .describe('Order of the stimuli: the same for everybody, or drawn for each session.'),
    labels: z.discriminatedUnion('kind', [classLabels, dimensionLabels]),
    modalities: z.record(z.string().min(1), modality),
    expression: z
      .strictObject({
        sd: sd.default(0).describe('SD by which what the body shows differs from the label, in its units.'),
        redundancy: share
          .default(0)
          .describe(
            'Share of that variance that all modalities have in common: 0, they err each on its own.',
          ),
        memory: share
          .default(1)
          .describe('Its correlation from one window to the next; 1: one value a trial.'),
      })
      .prefault({}),
    latents: z
      .strictObject({
        shared: z
          .int()
          .min(0)
          .default(0)
          .describe('Latents without emotion that move all modalities at once.'),
        specific: z.int().min(0).default(0).describe('The same within each modality.'),
        sd: sd.default(1).describe('SD of each latent, in SDs of the windows’ noise.'),
        memory: memory.default(0.5).describe('Their correlation from one window to the next.'),
      })
      .prefault({}),
    person: z
      .strictObject({
        offset_sd: sd.default(0).describe('SD of a person’s own offset of each feature.'),
        gain_sd: sd.default(0).describe('SD of the logarithm of a person’s own gain of each feature.'),
        direction_sd: sd
          .default(0)
          .describe(
            'How far people’s directions of the effects differ; at 1 those of two people have a cosine of 0.5.',
          ),
      })
      .prefault({}),
    session_drift_sd: sd.default(0).describe('SD of an offset of each feature that a session has.'),
    trial_drift_sd: sd
      .default(0)
      .describe('SD of an offset of each feature that a trial has: tells trials apart, and no emotion.'),
    noise: z
      .strictObject({
        sd: z.number().positive().default(1).describe('SD of each feature’s noise from window to window.'),
        memory: memory.default(0).describe('Its correlation from one window to the next.'),
      })
      .prefault({}),
  })
  .superRefine((value, context) => {
    const { labels } = value;
    const known: readonly string[] = labels.kind === 'classes' ? labels.classes : labels.dimensions;
    const names = Object.keys(value.modalities);
    if (names.length === 0)
      context.addIssue({ code: 'custom', path: ['modalities'], message: 'at least one modality is needed' });
    for (const name of names) {
      const { effect, informative, features } = value.modalities[name];
      for (const key of Object.keys(effect))
        if (!known.includes(key))
          context.addIssue({
            code: 'custom',
            path: ['modalities', name, 'effect', key],
            message: `'${key}' is none of the labels (${known.join(', ')})`,
          });
      if (informative !== null && informative > features)
        context.addIssue({
          code: 'custom',
          path: ['modalities', name, 'informative'],
          message: `there are only ${features} features`,
        });
    }
    if (new Set(known).size < known.length)
      context.addIssue({ code: 'custom', path: ['labels', labels.kind], message: 'a name comes twice' });
  });
export type SimulatedFeaturesSettings = z.infer<typeof settings>;

/**
 * Features of people whose emotions are known, drawn window by window. Each effect moves its modality along a
 * direction of its own (orthonormal where there are as many informative features as effects), so that without
 * expression error, latents and drift the distance between two labels' means is d times the noise, whatever the
 * number of features. People are interchangeable: any subset of people is one from the same population.
 */
export const simulatedFeatures: DatasetDefinition<SimulatedFeaturesSettings> = {
  kind: 'simulated-features',
  summary: 'Simulated features with known effect sizes, laid out as a DEAP-like or SEED-like set.',
  source: 'Drawn on the spot; no data of people. Free to use.',
  settings,
  async open(given) {
    const parsed = settings.safeParse(given);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new ConfigurationError(
        'dataset-settings-invalid',
        `simulated-features: ${issue.path.join('.') || 'settings'}: ${issue.message}`,
      );
    }
    return new SimulatedFeatures(parsed.data);
  },
};

/** Where a label sits in the space of effects: its dimensions' values, or 1 at its class. */
type Emotion = Float64Array;

interface Direction {
  /** [features] unit vector of the effect that has a sign. */
  readonly signed: Float64Array;
  /** [features] unit vector of the one whose sign is random. */
  readonly unsigned: Float64Array;
}

interface SimulatedModality {
  readonly name: string;
  readonly settings: z.infer<typeof modality>;
  readonly features: readonly FeatureDescriptor[];
  /** One an effect. */
  readonly directions: readonly Direction[];
  /** [features] unit vectors, those of the shared latents first. */
  readonly latents: readonly Float64Array[];
  /** People who lack it. */
  readonly absent: ReadonlySet<string>;
}

/** A person's own way of showing a modality. */
interface PersonalModality {
  readonly modality: SimulatedModality;
  readonly directions: readonly Direction[];
  readonly offset: Float64Array;
  readonly gain: Float64Array;
}

class SimulatedFeatures implements Dataset {
  readonly name: string;
  readonly simulated = true;
  readonly dimensions: readonly RatedDimension[];
  readonly classes: readonly string[] | null;
  readonly people: readonly string[];
  readonly #effects: readonly string[];
  readonly #modalities: readonly SimulatedModality[];
  readonly #stimuli: number;

  constructor(private readonly settings: SimulatedFeaturesSettings) {
    const { labels, people } = settings;
    this.name = settings.name;
    this.dimensions = labels.kind === 'dimensions' ? labels.dimensions : [];
    this.classes = labels.kind === 'classes' ? labels.classes : null;
    this.#effects = labels.kind === 'classes' ? labels.classes : labels.dimensions;
    const digits = String(people).length;
    this.people = Array.from({ length: people }, (_, i) => `p${String(i + 1).padStart(digits, '0')}`);
    this.#stimuli = settings.stimuli ?? settings.trials;
    this.#modalities = Object.keys(settings.modalities).map((name) => this.#modality(name));
  }

  async *recordings(person: string): AsyncGenerator<DatasetRecording> {
    const { settings } = this;
    const personal = this.#modalities.map((one) => this.#personal(one, person));
    for (let s = 0; s < settings.sessions; s++) {
      const session = String(s + 1);
      const drifts = personal.map(({ modality: { name, settings: m } }) =>
        vector(m.features, settings.session_drift_sd, this.#random(person, session, name, 'drift')),
      );
      const stimuli = this.#sequence(person, s);
      for (let t = 0; t < settings.trials; t++) {
        const trial = String(s * settings.trials + t + 1);
        const { label, labels, emotions } = this.#labels(person, trial, stimuli[t]);
        yield {
          person,
          session,
          kind: 'features',
          trial: { trial, stimulus: `clip-${stimuli[t] + 1}`, position: t, label },
          windows: this.#windows(person, trial, personal, drifts, emotions, labels),
        };
      }
    }
  }

  #random(...name: readonly string[]): Random {
    return new Random(this.settings.seed, name.join('/'));
  }

  #modality(name: string): SimulatedModality {
    const { latents } = this.settings;
    const own = this.settings.modalities[name];
    const random = this.#random('modality', name);
    const informative = shuffled(indices(own.features), random.uniform).slice(
      0,
      own.informative ?? own.features,
    );
    const vectors = orthonormal(own.features, informative, 2 * this.#effects.length, random);
    const everywhere = Array.from({ length: own.features }, (_, f) => f);
    const lacking = shuffled(indices(this.people.length), this.#random('absent', name).uniform).slice(
      0,
      Math.round(own.absent_share * this.people.length),
    );
    return {
      name,
      settings: own,
      features: everywhere.map((f) => ({ channel: name, feature: `f${f + 1}`, unit: '' })),
      directions: this.#effects.map((_, k) => ({
        signed: vectors[k],
        unsigned: vectors[this.#effects.length + k],
      })),
      latents: orthonormal(own.features, everywhere, latents.shared + latents.specific, random),
      absent: new Set(lacking.map((i) => this.people[i])),
    };
  }

  #personal(modality: SimulatedModality, person: string): PersonalModality {
    const { offset_sd, gain_sd, direction_sd } = this.settings.person;
    const { features } = modality.settings;
    const random = this.#random(person, modality.name, 'person');
    const turned = (direction: Float64Array): Float64Array => {
      const carrying = direction.reduce((n, value) => n + Number(value !== 0), 0);
      const spread = direction_sd / Math.sqrt(Math.max(1, carrying));
      const own = direction.map((value) => (value === 0 ? 0 : value + spread * random.gaussian()));
      return normalised(own);
    };
    return {
      modality,
      directions:
        direction_sd === 0
          ? modality.directions
          : modality.directions.map(({ signed, unsigned }) => ({
              signed: turned(signed),
              unsigned: turned(unsigned),
            })),
      offset: vector(features, offset_sd, random),
      gain: Float64Array.from({ length: features }, () => random.logNormal(gain_sd)),
    };
  }

  /** Stimuli of a session's trials in order. */
  #sequence(person: string, session: number): number[] {
    const { trials, order } = this.settings;
    const own = Array.from({ length: trials }, (_, t) => (session * trials + t) % this.#stimuli);
    if (order === 'fixed') return own;
    return shuffled(indices(trials), this.#random(person, String(session), 'order').uniform).map(
      (t) => own[t],
    );
  }

  #classOf(stimulus: number, classes: number): number {
    const run = Math.floor(stimulus / classes);
    return shuffled(indices(classes), this.#random('classes', String(run)).uniform)[stimulus % classes];
  }

  /** The trial's label, or its windows', and where each window's emotion is. */
  #labels(
    person: string,
    trial: string,
    stimulus: number,
  ): { label: Label; labels: Label[] | null; emotions: Emotion[] } {
    const { labels, windows } = this.settings;
    if (labels.kind === 'classes') {
      const index = this.#classOf(stimulus, labels.classes.length);
      const emotion = new Float64Array(labels.classes.length);
      emotion[index] = 1;
      const label: Label = { targets: {}, class: index };
      return { label, labels: null, emotions: new Array<Emotion>(windows).fill(emotion) };
    }
    const { dimensions, sd: spread, stimulus_share } = labels;
    const common = this.#random('stimulus', String(stimulus));
    const own = this.#random(person, String(stimulus), 'taste');
    const rated = Float64Array.from(dimensions, () => {
      const deviate =
        Math.sqrt(stimulus_share) * common.gaussian() + Math.sqrt(1 - stimulus_share) * own.gaussian();
      return onScale(spread * deviate, labels.steps);
    });
    const label = labelOf(dimensions, rated);
    if (labels.wander_sd === 0)
      return { label, labels: null, emotions: new Array<Emotion>(windows).fill(rated) };
    const random = this.#random(person, trial, 'wander');
    const wander = dimensions.map(() => new Walk(labels.wander_sd, labels.wander_memory, random));
    const emotions = Array.from({ length: windows }, () =>
      rated.map((value, k) => onScale(value + wander[k].next(), labels.steps)),
    );
    return { label, labels: emotions.map((emotion) => labelOf(dimensions, emotion)), emotions };
  }

  #windows(
    person: string,
    trial: string,
    personal: readonly PersonalModality[],
    sessionDrifts: readonly Float64Array[],
    emotions: readonly Emotion[],
    labels: readonly Label[] | null,
  ): FeatureWindows {
    const { windows: count, window_s, hop_s, expression, latents } = this.settings;
    const common = this.#random(person, trial, 'common');
    const errorSd = expression.sd * Math.sqrt(expression.redundancy);
    const errors = series(this.#effects.length, count, errorSd, expression.memory, common);
    const shared = series(latents.shared, count, latents.sd * this.settings.noise.sd, latents.memory, common);
    const modalities = new Map<string, { features: readonly FeatureDescriptor[]; values: Float32Array }>();
    for (const [m, one] of personal.entries()) {
      const { features, absent } = one.modality;
      const values = absent.has(person)
        ? new Float32Array(count * features.length).fill(Number.NaN)
        : this.#values(person, trial, one, sessionDrifts[m], emotions, errors, shared);
      modalities.set(one.modality.name, { features, values });
    }
    return { window_s, hop_s, count, modalities, labels };
  }

  /** [windows, features] of one modality in one trial. */
  #values(
    person: string,
    trial: string,
    { modality, directions, offset, gain }: PersonalModality,
    sessionDrift: Float64Array,
    emotions: readonly Emotion[],
    commonErrors: readonly Float64Array[],
    sharedLatents: readonly Float64Array[],
  ): Float32Array {
    const { windows: count, expression, latents, noise, labels, trial_drift_sd } = this.settings;
    const { effect, features, unsigned_share, missing_rate, missing_run, disturbed } = modality.settings;
    const random = this.#random(person, trial, modality.name);
    const ownSd = expression.sd * Math.sqrt(1 - expression.redundancy);
    const ownErrors = series(directions.length, count, ownSd, expression.memory, random);
    const own = series(latents.specific, count, latents.sd * noise.sd, latents.memory, random);
    const allLatents = [...sharedLatents, ...own];
    const drift = vector(features, trial_drift_sd, random);
    const noises = Array.from({ length: features }, () => new Walk(noise.sd, noise.memory, random));
    const isMissing = absences(count, missing_rate, missing_run, random);
    // Drawn by itself: the same set with and without disturbances is the same but for them.
    const isDisturbed = disturbed
      ? absences(
          count,
          disturbed.share,
          disturbed.run,
          this.#random(person, trial, modality.name, 'disturbance'),
        )
      : [];
    const values = new Float32Array(count * features);
    const row = new Float64Array(features);
    for (let w = 0; w < count; w++) {
      const { noise: louder, effect_left } = isDisturbed[w] && disturbed ? disturbed : undisturbed;
      for (let f = 0; f < features; f++) row[f] = sessionDrift[f] + drift[f] + louder * noises[f].next();
      for (const [k, name] of this.#effects.entries()) {
        const d = noise.sd * effect_left * (effect[name] ?? 0);
        const shown = emotions[w][k] + commonErrors[k][w] + ownErrors[k][w];
        const sign = random.uniform() < 0.5 ? -1 : 1;
        // A dimension's size without sign grows from its lower end: 0 at -1, as a class has 0 where it isn't.
        const size = labels.kind === 'classes' ? shown : shown + 1;
        add(row, directions[k].signed, d * (1 - unsigned_share) * shown);
        add(row, directions[k].unsigned, d * unsigned_share * sign * size);
      }
      for (const [l, latent] of allLatents.entries()) add(row, modality.latents[l], latent[w]);
      for (let f = 0; f < features; f++)
        values[w * features + f] = isMissing[w] ? Number.NaN : offset[f] + gain[f] * row[f];
    }
    return values;
  }
}

const undisturbed = { noise: 1, effect_left: 1 };

/** A first-order autoregressive series with the given SD; `memory` 1 keeps its first value. */
class Walk {
  #value: number;

  constructor(
    private readonly sd: number,
    private readonly memory: number,
    private readonly random: Random,
  ) {
    this.#value = random.gaussian();
  }

  next(): number {
    const value = this.#value;
    this.#value = this.memory * value + Math.sqrt(1 - this.memory * this.memory) * this.random.gaussian();
    return this.sd * value;
  }
}

function series(many: number, count: number, sd: number, memory: number, random: Random): Float64Array[] {
  return Array.from({ length: many }, () => {
    const walk = new Walk(sd, memory, random);
    return Float64Array.from({ length: count }, () => walk.next());
  });
}

/** Which windows are missing, or disturbed: two states, `rate` of the windows in the one of mean length `run`. */
function absences(count: number, rate: number, run: number, random: Random): boolean[] {
  const end = Math.min(1 / run, 1 - rate);
  const begin = (rate * end) / (1 - rate);
  let isMissing = random.uniform() < rate;
  return Array.from({ length: count }, () => {
    const now = isMissing;
    isMissing = random.uniform() < (now ? 1 - end : begin);
    return now;
  });
}

function vector(length: number, sd: number, random: Random): Float64Array {
  return Float64Array.from({ length }, () => sd * random.gaussian());
}

function add(target: Float64Array, direction: Float64Array, amount: number): void {
  for (let f = 0; f < target.length; f++) target[f] += amount * direction[f];
}

function normalised(values: Float64Array): Float64Array {
  const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return values.map((value) => value / norm);
}

/** `many` random unit vectors that are 0 outside `carrying`; orthogonal as far as there is room for it. */
function orthonormal(
  length: number,
  carrying: readonly number[],
  many: number,
  random: Random,
): Float64Array[] {
  const vectors: Float64Array[] = [];
  for (let v = 0; v < many; v++) {
    const drawn = new Float64Array(length);
    for (const f of carrying) drawn[f] = random.gaussian();
    // Once they span the space, the next ones start another basis.
    const basis = vectors.slice(v - (v % carrying.length));
    for (const other of basis) {
      const along = drawn.reduce((sum, value, f) => sum + value * other[f], 0);
      add(drawn, other, -along);
    }
    vectors.push(normalised(drawn));
  }
  return vectors;
}

const indices = (length: number): number[] => Array.from({ length }, (_, i) => i);

function onScale(value: number, steps: number | null): number {
  const cut = Math.max(-1, Math.min(1, value));
  return steps === null ? cut : (2 * Math.round(((cut + 1) / 2) * (steps - 1))) / (steps - 1) - 1;
}

function labelOf(dimensions: readonly RatedDimension[], values: Float64Array): Label {
  return { targets: Object.fromEntries(dimensions.map((name, k) => [name, values[k]])), class: null };
}
