import { TruthTrack } from '../core/truth.js';
import { truthScore } from '../core/truth-score.js';
import { setText } from './element.js';
import { percent } from './number-text.js';
import { type SessionState, TRACE_SPAN_S } from './state.js';

/** Whether the truth is shown, where somebody tells it, and how the last minutes' estimates agree with it. */
export class TruthPanel {
  readonly #root: HTMLElement;
  readonly #box: HTMLInputElement;
  readonly #told: HTMLElement;
  readonly #scores: HTMLElement;
  #drawn: unknown[] = [];

  /** `show`: called when a person asks for the truth, or not to see it any more. */
  constructor(root: HTMLElement, show: (shown: boolean) => void) {
    this.#root = root;
    this.#box = root.querySelector('input')!;
    this.#told = root.querySelector('.truth-told')!;
    this.#scores = root.querySelector('.truth-scores')!;
    this.#box.addEventListener('change', () => show(this.#box.checked));
  }

  update(session: SessionState | null, isShown: boolean): void {
    const drawn = [session?.points, session?.truths, isShown];
    if (drawn.every((part, i) => part === this.#drawn[i])) return;
    this.#drawn = drawn;
    this.#root.hidden = !session || session.truths.length === 0;
    this.#box.checked = isShown;
    this.#told.hidden = !isShown;
    if (session && isShown) setText(this.#scores, scoresText(session));
  }
}

function scoresText({ points, truths }: SessionState): string {
  const track = new TruthTrack();
  for (const { time, valence, arousal } of truths)
    track.add(time, valence ?? Number.NaN, arousal ?? Number.NaN);
  const scores = (['valence', 'arousal'] as const).map((dimension) => {
    const { windows, ccc, coverage } = truthScore(points, track, dimension);
    if (windows < 2) return `${dimension} too few windows yet`;
    const agrees = Number.isFinite(ccc)
      ? ccc.toFixed(2).replace('-', '\u2212')
      : 'none (something is constant)';
    const held = coverage
      ? `${percent(coverage.level)} intervals hold ${percent(coverage.share)}`
      : 'no intervals';
    return `${dimension} CCC ${agrees}, ${held} of ${windows} windows`;
  });
  return `Against the truth over the last ${TRACE_SPAN_S / 60} min: ${scores.join('; ')}.`;
}
