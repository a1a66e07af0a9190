import { setText } from './element.js';
import { type Evidence, type SessionState, shownEvidence } from './state.js';

const texts: Record<Evidence, { readonly title: string; readonly detail: string }> = {
  simulated: {
    title: "Simulated data/model: not a person's feeling",
    detail: 'This model was never shown to work on people. Use it to try the software, for nothing else.',
  },
  none: {
    title: 'Nobody knows what this model is worth',
    detail: 'It comes without evidence. Do not read its numbers as what a person feels.',
  },
  validated: {
    title: 'Validated model',
    detail: 'Its card says how well it does, and for whom. It estimates; it does not know.',
  },
};

const simulatedSensors =
  'The sensors are simulated: nobody wears them. Use it to try the software, for nothing else.';

/** What the model is worth, on top of everything else, for as long as its predictions are shown. */
export class EvidenceBanner {
  readonly #root: HTMLElement;
  readonly #title: HTMLElement;
  readonly #detail: HTMLElement;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#title = root.querySelector('.banner-title')!;
    this.#detail = root.querySelector('.banner-detail')!;
  }

  update(session: SessionState | null): void {
    const evidence = shownEvidence(session);
    this.#root.hidden = evidence === null;
    if (evidence === null) return;
    // A daemon newer than this page may know more kinds; what is not known is worth nothing.
    const known = evidence in texts ? evidence : 'none';
    this.#root.dataset.evidence = known;
    setText(this.#title, texts[known].title);
    setText(this.#detail, session?.affect?.simulated ? simulatedSensors : texts[known].detail);
  }
}
