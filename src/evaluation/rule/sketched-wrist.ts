import type { ModalityFrame, ModalityInput, ModelFrame } from '../../core/model.js';

const features = (names: readonly string[]): ModalityInput => ({
  kind: 'features',
  features: names.map((feature) => ({ channel: 'wrist', feature, unit: '' })),
  upstream: 'sketch',
});

/** What a model gets of the wristband that people of sketches wear. */
export const wristInputs = new Map([
  ['skin', features(['conductance', 'responses', 'temperature'])],
  ['pulse', features(['rate'])],
]);

/** Of a modality that lost contact nothing is known. */
export interface WristReading {
  readonly skin: readonly [conductance: number, responses: number, temperature: number];
  readonly pulse: readonly [rate: number];
  readonly keeps: { readonly skin: boolean; readonly pulse: boolean };
}

export function wristFrame({ skin, pulse, keeps }: WristReading): ModelFrame {
  return [modality(skin, keeps.skin), modality(pulse, keeps.pulse)];
}

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
