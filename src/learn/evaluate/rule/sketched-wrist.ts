import type { ModalityFrame, ModalityInput, ModelFrame } from '../../../core/model.js';
import type { Example } from '../../examples/example.js';
import type { EvaluationData } from '../fold-task.js';

const features = (names: readonly string[]): ModalityInput => ({
  kind: 'features',
  features: names.map((feature) => ({ channel: 'wrist', feature, unit: '' })),
  upstream: 'sketch',
});

/** What a model gets of the wristband that people of sketches wear. */
const wristInputs = new Map([
  ['skin', features(['conductance', 'responses', 'temperature'])],
  ['pulse', features(['rate'])],
]);

/** What a wristband sees in a window of a sketch. */
export interface WristMoment {
  /** How far skin has warmed and got used to the band. */
  readonly drift: number;
  /** How strongly the body answers what is told of it. */
  readonly answered: number;
  /** How likely the skin's sensors are to have lost contact; the pulse's are half as likely to. */
  readonly lost: number;
}

/** Draws what a wristband gives in the windows of one person, one after the other. */
export function sketchedWrist(
  uniform: () => number,
  normal: () => number,
): (moment: WristMoment) => ModelFrame {
  const noises = Array.from({ length: 4 }, () => wandering(normal, 0.8));
  return ({ drift, answered, lost }) => {
    const [conductance, responses, temperature, rate] = noises.map((noise) => noise());
    const skin = [
      drift + 0.5 * conductance + answered,
      responses + 0.7 * answered,
      drift + 0.5 * temperature,
    ];
    const isSkinKept = uniform() >= lost;
    const isPulseKept = uniform() >= lost / 2;
    return [modality(skin, isSkinKept), modality([rate + 0.5 * answered], isPulseKept)];
  };
}

/** What is learnt from and tested on: as data sets give them, what nothing was measured of is no example. */
export function sketchedData(
  examples: readonly Example[],
  told: Pick<EvaluationData, 'classes' | 'dimensions' | 'hop_s'>,
): EvaluationData {
  return {
    examples: examples.filter(({ frame }) => frame.some(({ present }) => present)),
    inputs: wristInputs,
    ...told,
  };
}

/** Of a modality that lost contact nothing is known. */
function modality(values: readonly number[], present: boolean): ModalityFrame {
  return {
    values: Float32Array.from(values, (value) => (present ? value : 0)),
    mask: Uint8Array.from(values, () => Number(present)),
    present,
  };
}

/** Noise that wanders: a step of it resembles the one before. */
export function wandering(normal: () => number, resemblance: number): () => number {
  const rest = Math.sqrt(1 - resemblance * resemblance);
  let now = normal();
  return () => {
    now = resemblance * now + rest * normal();
    return now;
  };
}
