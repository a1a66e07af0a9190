import type { AffectMessage } from '../io/client/index.js';
import { element, setText } from './element.js';
import { type ItemView, KeyedList } from './keyed-list.js';
import { percent, signed } from './number-text.js';
import type { SessionState } from './state.js';

/** What a model says beside valence and arousal, one line each. */
interface Answer {
  readonly key: string;
  readonly group: 'class' | 'high' | 'dimension' | 'ranking';
  readonly label: string;
  readonly text: string;
  /** Length of its bar, 0..1; null: none. */
  readonly share: number | null;
}

/** Classes, High or Low, further dimensions and rankings: whatever the shown model tells that has no place on the plane. */
export class AnswerPanel {
  readonly #list: KeyedList<Answer>;
  #drawn: AffectMessage | null = null;

  constructor(readonly root: HTMLElement) {
    this.#list = new KeyedList(root.querySelector('.answers')!, ({ key }) => key, answerView);
  }

  update(session: SessionState | null): void {
    const affect = session?.affect ?? null;
    if (affect === this.#drawn) return;
    this.#drawn = affect;
    const answers = affect ? answersOf(affect) : [];
    this.root.hidden = answers.length === 0;
    this.root.classList.toggle('is-invalid', affect !== null && !affect.valid);
    this.#list.update(answers);
  }
}

/** In order: classes, High or Low, further dimensions, rankings. */
export function answersOf({ classes, high, dominance, liking, ranking, valid }: AffectMessage): Answer[] {
  const told = Object.entries({ dominance, liking }).filter(([, value]) => value !== undefined);
  return [
    ...Object.entries(classes ?? {}).map(([label, p]) => bar('class', label, p, valid)),
    ...Object.entries(high ?? {}).map(([dimension, p]) => bar('high', `${dimension} high`, p, valid)),
    ...told.map(([label, value]) => ({
      ...{ key: `dimension ${label}`, group: 'dimension' as const, label, share: null },
      text: signed(value!),
    })),
    ...Object.entries(ranking ?? {}).flatMap(([dimension, anchors]) =>
      Object.entries(anchors).map(([anchor, { is, probabilities }]) => ({
        ...{ key: `ranking ${dimension} ${anchor}`, group: 'ranking' as const },
        label: `${dimension} against ${anchor}`,
        text: `${is}, ${percent(probabilities[is])}`,
        share: probabilities[is],
      })),
    ),
  ];
}

function bar(group: 'class' | 'high', label: string, p: number, isValid: boolean): Answer {
  return {
    key: `${group} ${label}`,
    group,
    label,
    text: isValid ? percent(p) : `${percent(p)} (not valid)`,
    share: p,
  };
}

function answerView(first: Answer): ItemView<Answer> {
  const label = element('span', 'answer-label', first.label);
  const text = element('span', 'answer-text');
  const fill = element('span', 'answer-fill');
  const track = element('span', 'answer-track', fill);
  track.setAttribute('aria-hidden', 'true');
  const root = element('li', 'answer', label, track, text);
  root.dataset.group = first.group;
  return {
    root,
    update: (answer) => {
      setText(text, answer.text);
      track.classList.toggle('is-empty', answer.share === null);
      fill.style.setProperty('width', `${100 * (answer.share ?? 0)}%`);
    },
  };
}
