import { element, setText } from './element.js';
import { type ItemView, KeyedList } from './keyed-list.js';
import { signed } from './number-text.js';
import { maskText } from './reason-text.js';
import type { SessionState } from './state.js';

/** Standard deviations of the rest at which a bar is full. */
const FULL_SD = 3;

interface Index {
  readonly key: string;
  readonly node: string;
  readonly label: string;
  readonly value: number | null;
  readonly reason: string | null;
}

const reasons: Readonly<Record<string, string>> = {
  resting: 'the rest is being measured',
  'rest-unknown': 'nothing usable was measured at rest',
};

/** Indices against this person's own rest: a bar to the right is above it, to the left below. */
export class IndexPanel {
  readonly #list: KeyedList<Index>;
  #drawn: SessionState['indices'] | null = null;

  constructor(readonly root: HTMLElement) {
    this.#list = new KeyedList(root.querySelector('.indices')!, ({ key }) => key, indexView);
  }

  update(session: SessionState | null): void {
    const indices = session?.indices ?? null;
    if (indices === this.#drawn) return;
    this.#drawn = indices;
    const items = [...(indices?.values() ?? [])].flatMap(({ node, indices: told }) =>
      told.map(({ channel, feature, value, reason }) => ({
        ...{ key: `${node} ${channel}.${feature}`, node, value, reason },
        label: channel === '' ? feature : `${channel} ${feature}`,
      })),
    );
    this.root.hidden = items.length === 0;
    this.#list.update(items);
  }
}

function indexView({ node, label }: Index): ItemView<Index> {
  const value = element('span', 'answer-text');
  const fill = element('span', 'answer-fill');
  const track = element('span', 'answer-track from-middle', fill);
  track.setAttribute('aria-hidden', 'true');
  const root = element(
    'li',
    'answer',
    element('span', 'answer-label', label, ' ', element('small', '', node)),
    track,
    value,
  );
  return {
    root,
    update: ({ value: sd, reason }) => {
      setText(value, sd === null ? (reasons[reason ?? ''] ?? maskText(reason)) : `${signed(sd)} sd`);
      const half = 50 * Math.min(1, Math.abs(sd ?? 0) / FULL_SD);
      fill.style.setProperty('width', `${half}%`);
      fill.style.setProperty('left', `${(sd ?? 0) < 0 ? 50 - half : 50}%`);
    },
  };
}
