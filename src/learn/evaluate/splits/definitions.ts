import { firstClips } from './first-clips.js';
import { given } from './given.js';
import { stimulus } from './stimulus.js';
import { subject } from './subject.js';
import { subjectAndStimulus } from './subject-and-stimulus.js';
import { trial } from './trial.js';
import { window } from './window.js';

/** Every way to hold data out, by `kind`. */
export const splitDefinitions = {
  trial,
  subject,
  stimulus,
  'subject-and-stimulus': subjectAndStimulus,
  'first-clips': firstClips,
  given,
  window,
};
