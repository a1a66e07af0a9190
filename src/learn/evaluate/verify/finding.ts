import type { LinkName } from '../../../core/worth.js';

/** What came of looking at one link of a model's evidence. */
export interface LinkFinding {
  readonly link: LinkName;
  readonly state: 'holds' | 'broken' | 'absent';
  /** One line: what holds, what does not, or what is not there to be looked at. */
  readonly message: string;
}
