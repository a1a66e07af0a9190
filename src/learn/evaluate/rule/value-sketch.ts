import { Random } from '../../../core/random.js';
import { shuffled } from '../../../core/shuffled.js';
import type { Example } from '../../examples/example.js';
import type { EvaluationData } from '../fold-task.js';
import { sketchedData, sketchedWrist, wandering } from './sketched-wrist.js';

/** Worlds in which it is known what a wristband tells of continuous arousal: how the rule for values is tried. */
export const valueSketchKinds = [
  'warming-skin',
  'dropping-out',
  'dropping-out-in-arousal',
  'true-effect',
] as const;
export type ValueSketchKind = (typeof valueSketchKinds)[number];

const PEOPLE = 16;
const FILMS = 8;
const STEP_S = 5;
const FILM_S = [90, 240] as const;
const PAUSE_S = [30, 120] as const;

/**
 * People with a wristband who rate their arousal while they watch films, the same ones in an order of their own. In every
 * world arousal is of the film and the person, and rises after each onset and from film to film; skin warms over the session and anew in
 * each film, each person from their own level and at their own pace, and pulse and skin wander. `warming-skin`: that is all.
 * `dropping-out`: sensors also lose contact, more often towards the end of the session and of a film.
 * `dropping-out-in-arousal`: they lose it where arousal is high. `true-effect`: skin and pulse also answer arousal.
 */
export function valueSketch(kind: ValueSketchKind, seed: number): EvaluationData {
  const { uniform, gaussian: normal } = new Random(seed);
  const within = ([low, high]: readonly [number, number]): number =>
    STEP_S * Math.round((low + (high - low) * uniform()) / STEP_S);
  const films = Array.from({ length: FILMS }, () => {
    const course = wandering(normal, 0.9);
    return Array.from({ length: within(FILM_S) / STEP_S }, course);
  });
  const examples = Array.from({ length: PEOPLE }, (_, p) => {
    const bias = 0.15 * normal();
    const level = 0.3 * normal();
    const rise = 2 + 0.5 * normal();
    const pace_s = 600 + 900 * uniform();
    const again = 0.5 + 0.1 * normal();
    const againPace_s = 40 + 40 * uniform();
    const answer = kind === 'true-effect' ? Math.max(0, 1.5 + 0.75 * normal()) : 0;
    const wrist = sketchedWrist(uniform, normal);
    let start = 0;
    return shuffled(films, uniform).flatMap((film, position) => {
      start += within(PAUSE_S);
      const onset = start;
      start += film.length * STEP_S;
      const own = wandering(normal, 0.9);
      return film.map((shown, w): Example => {
        const since_onset = w * STEP_S;
        const time = onset + since_onset;
        const common = bias + 0.4 * (1 - Math.exp(-since_onset / 40)) + 0.3 * (position / (FILMS - 1));
        const arousal = Math.max(-1, Math.min(1, common + 0.2 * shown + 0.2 * own()));
        const drift =
          level + rise * (1 - Math.exp(-time / pace_s)) + again * (1 - Math.exp(-since_onset / againPace_s));
        const answered = answer * arousal;
        const share = w / film.length;
        const lost = lossOf(kind, (position + share) / FILMS, share, arousal);
        return {
          person: `p${p + 1}`,
          session: '1',
          trial: `${position + 1}`,
          stimulus: `film ${films.indexOf(film) + 1}`,
          position,
          file: 0,
          window: [time, time + STEP_S],
          since_start: time,
          since_onset,
          frame: wrist({ drift, answered, lost }),
          label: { targets: { arousal }, class: null },
        };
      });
    });
  }).flat();
  return sketchedData(examples, { classes: [], dimensions: ['arousal'], hop_s: STEP_S });
}

/** How likely a sensor is to be lost. */
function lossOf(kind: ValueSketchKind, session: number, film: number, arousal: number): number {
  if (kind === 'dropping-out') return 0.1 + 0.25 * session + 0.25 * film;
  if (kind === 'dropping-out-in-arousal') return arousal > 0.4 ? 0.5 : 0.15;
  return 0.02;
}
