import { element, setText } from './element.js';
import { type ItemView, KeyedList } from './keyed-list.js';
import { sessionTime } from './number-text.js';
import type { LoggedEvent, PageState } from './state.js';

const levelWords = { debug: 'debug', info: 'info', warn: 'warning', error: 'error' } as const;

/** What happened in the sessions, newest first. */
export class EventLog {
  readonly #list: KeyedList<LoggedEvent>;
  readonly #all: HTMLInputElement;
  readonly #empty: HTMLElement;
  #drawn: unknown[] = [];

  constructor(root: HTMLElement, redraw: () => void) {
    this.#list = new KeyedList(root.querySelector('.events')!, ({ id }) => String(id), eventView);
    this.#all = root.querySelector('input')!;
    this.#empty = root.querySelector('.panel-empty')!;
    this.#all.addEventListener('change', redraw);
  }

  update(state: PageState): void {
    const all = this.#all.checked;
    const drawn = [state.events, state.selected, all];
    if (drawn.every((part, i) => part === this.#drawn[i])) return;
    this.#drawn = drawn;
    const shown = state.events.filter(({ session }) => all || session === state.selected || !session);
    this.#list.update(shown.reverse());
    this.#empty.hidden = shown.length > 0;
  }
}

function eventView({ session, time, time_unix, event }: LoggedEvent): ItemView<LoggedEvent> {
  const sent = new Date(time_unix * 1000);
  const when = element(
    'time',
    'event-time',
    time === null ? sent.toLocaleTimeString() : sessionTime(time, 1),
  );
  when.dateTime = sent.toISOString();
  when.title = sent.toLocaleString();
  const level = element('span', 'event-level');
  setText(level, levelWords[event.level] ?? event.level);
  const source = [session, event.stream].filter(Boolean).join(' / ');
  const root = element(
    'li',
    'event',
    when,
    level,
    element('code', 'event-code', event.code),
    element('span', 'event-message', event.count ? `${event.message} (${event.count} times)` : event.message),
    element('span', 'event-source', source),
  );
  root.dataset.level = event.level;
  return { root, update() {} };
}
