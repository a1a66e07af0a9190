import { setText } from './element.js';
import { duration } from './number-text.js';
import { isSilent, type PageState, type SessionState, selectedSession } from './state.js';

/** `demo@sha256:1f0c...` with the digest cut to eight digits. */
function short(digest: string): string {
  return digest.replace(/(sha256:[0-9a-f]{8})[0-9a-f]+/, '$1\u2026');
}

/** A digest, short; a click shows all of it. */
class Digest {
  #full: string | null = null;
  #expanded = false;

  constructor(
    readonly button: HTMLButtonElement,
    readonly name: string,
  ) {
    button.addEventListener('click', () => {
      this.#expanded = !this.#expanded;
      this.#draw();
    });
  }

  update(full: string | null): void {
    if (full === this.#full) return;
    this.#full = full;
    this.#draw();
  }

  #draw(): void {
    this.button.hidden = this.#full === null;
    const full = this.#full ?? '';
    this.button.title = `${this.name}: ${full}`;
    this.button.setAttribute('aria-expanded', String(this.#expanded));
    setText(this.button, `${this.name} ${this.#expanded ? full : short(full)}`);
  }
}

/** Whether the page is connected and data flows, and which model and pipeline speak. */
export class PageHeader {
  readonly #connection: HTMLElement;
  readonly #word: HTMLElement;
  readonly #detail: HTMLElement;
  readonly #model: Digest;
  readonly #pipeline: Digest;

  constructor(root: HTMLElement) {
    this.#connection = root.querySelector('.connection')!;
    this.#word = root.querySelector('.connection-word')!;
    this.#detail = root.querySelector('.connection-detail')!;
    this.#model = new Digest(root.querySelector<HTMLButtonElement>('.model')!, 'model');
    this.#pipeline = new Digest(root.querySelector<HTMLButtonElement>('.pipeline')!, 'pipeline');
  }

  update(state: PageState, now_s: number): void {
    const session = selectedSession(state);
    const { kind, word, detail } = connectionText(state, now_s);
    this.#connection.dataset.state = kind;
    setText(this.#word, word);
    setText(this.#detail, detail);
    this.#model.update(session?.affect?.model ?? null);
    this.#pipeline.update(session?.affect?.pipeline ?? null);
  }
}

/** How old the data was when the daemon spoke of it. */
function delay({ affect, quality }: SessionState): string {
  const age_ms = (affect ?? quality)?.age_ms;
  if (age_ms === undefined) return '';
  return age_ms < 1000 ? `data ${Math.round(age_ms)} ms old` : `data ${duration(age_ms / 1000)} old`;
}

type ConnectionKind = 'connecting' | 'waiting' | 'live' | 'silent' | 'reconnecting' | 'closed';

/** What the header says of the connection and the chosen session's data. */
export function connectionText(
  state: PageState,
  now_s: number,
): { kind: ConnectionKind; word: string; detail: string } {
  const problem = state.problem ?? '';
  const session = selectedSession(state);
  const age = session ? `last message ${duration(now_s - session.heard_s)} ago` : '';
  const said = (...parts: string[]) => parts.filter((part) => part !== '').join('; ');
  switch (state.connection) {
    case 'connecting':
      return { kind: 'connecting', word: 'connecting', detail: problem };
    case 'reconnecting':
      return { kind: 'reconnecting', word: 'reconnecting', detail: said(age, problem) };
    case 'closed':
      return { kind: 'closed', word: 'closed', detail: said(problem, age) };
    case 'open':
      if (!session) return { kind: 'waiting', word: 'connected', detail: said('no data yet', problem) };
      if (isSilent(session, now_s))
        return { kind: 'silent', word: session.closed ? 'ended' : 'silent', detail: said(age, problem) };
      return { kind: 'live', word: 'live', detail: said(delay(session), problem) };
  }
}
