import { element, setText } from './element.js';
import { type ItemView, KeyedList } from './keyed-list.js';
import { duration, sessionTime } from './number-text.js';
import { isSilent, type PageState, type SessionState } from './state.js';

interface Item {
  readonly session: SessionState;
  readonly selected: boolean;
  readonly now_s: number;
}

/** The sessions heard of; a click chooses the one that the page shows. */
export class SessionList {
  readonly #list: KeyedList<Item>;

  constructor(root: HTMLElement, choose: (session: string) => void) {
    this.#list = new KeyedList(
      root,
      ({ session }) => session.name,
      ({ session }) => sessionView(session.name, choose),
    );
  }

  update(state: PageState, now_s: number): void {
    this.#list.update(
      [...state.sessions.values()].map((session) => ({
        session,
        selected: session.name === state.selected,
        now_s,
      })),
    );
  }
}

function sessionView(name: string, choose: (session: string) => void): ItemView<Item> {
  const detail = element('span', 'session-detail');
  const button = element('button', 'session', element('span', 'session-name', name), detail);
  button.type = 'button';
  button.addEventListener('click', () => choose(name));
  return {
    root: element('li', '', button),
    update({ session, selected, now_s }) {
      const silent = isSilent(session, now_s);
      button.classList.toggle('is-silent', silent);
      button.setAttribute('aria-current', String(selected));
      setText(detail, sessionDetail(session, silent, now_s));
    },
  };
}

function sessionDetail(session: SessionState, silent: boolean, now_s: number): string {
  if (session.closed) return 'ended';
  if (silent) return `silent for ${duration(now_s - session.heard_s)}`;
  const time = session.affect?.time ?? session.quality?.time;
  if (time === undefined) return 'opened';
  return session.affect ? `at ${sessionTime(time)}` : `at ${sessionTime(time)}, no prediction yet`;
}
