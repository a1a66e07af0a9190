import type { AffectMessage } from '../io/client/index.js';

export type InvalidReason = NonNullable<AffectMessage['reason']>;

/** docs/reference/codes.md in a line each. */
const invalid: Record<InvalidReason, string> = {
  'warming-up': 'warming up: the first window is not full or the baseline not known yet',
  'no-input': 'no sensor delivers',
  'too-few-modalities': 'too few sensors for this model',
  'required-modality-missing': 'a sensor that this model needs is missing',
  'low-coverage': 'too many samples of the window are missing',
  'unmapped-channels': "the channels' names say nothing to this model",
  'out-of-distribution': 'the values are unlike anything that the model was trained on',
  'not-physiological': 'no sensor delivers what a body would',
  'no-skill': 'the sensors that are there were not shown to tell anything',
  overloaded: 'the model is too slow for all windows: this one was left out',
  'model-failed': 'the model failed',
  failed: 'the session is down after faults; reload the pipeline, or open it again',
};

const masked: Record<string, string> = {
  'warming-up': 'warming up',
  stale: 'stopped sending',
  absent: 'not connected',
  gap: 'samples are missing',
  flat: 'flat line: check the contact',
  railed: 'at the end of its range: check the contact',
  nan: 'no usable values',
  unlabelled: 'channels have no names: give labels in the pipeline file',
  unit: 'unit unknown',
  'low-coverage': 'too many samples missing',
  motion: 'the body moves too much',
  'unmapped-channels': "channels that the model doesn't know",
  'out-of-distribution': 'values unlike anything that the model was trained on',
  'not-physiological': 'this is no signal of a body: is it worn?',
  failed: 'the session is down',
};

/** Why a prediction is not valid, in plain words. */
export function invalidText(reason: InvalidReason | null): string {
  return reason === null ? 'no reason given' : (invalid[reason] ?? reason);
}

/** Why a sensor or channel is masked, in plain words; a code that is not known stands for itself. */
export function maskText(reason: string | null | undefined): string {
  return reason ? (masked[reason] ?? reason) : 'no reason given';
}
