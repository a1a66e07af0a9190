import { element, setText } from './element.js';
import { type ItemView, KeyedList } from './keyed-list.js';
import { sessionTime } from './number-text.js';
import type { SessionState, ToldMarker } from './state.js';

type KeyedMarker = ToldMarker & { readonly key: string };

/** How many are listed. */
const SHOWN = 12;

/** Asks the daemon for a marker. `time_unix`: when the person asked, s since 1970. @throws what the daemon says */
export type SetMarker = (
  session: string,
  text: string,
  time_unix: number,
) => Promise<{ readonly time: number; readonly recorded: boolean }>;

/** The session's markers, newest first, and a way to set one: it is where the mouse or the key was pressed, not where the daemon heard of it. */
export class MarkerPanel {
  readonly #list: KeyedList<KeyedMarker>;
  readonly #text: HTMLInputElement;
  readonly #answer: HTMLElement;
  readonly #button: HTMLButtonElement;
  #session: string | null = null;
  #drawn: readonly ToldMarker[] | null = null;
  /** Stamp of the click or key that sends the form, ms; null: it is sent in another way. */
  #pressed_ms: number | null = null;

  constructor(root: HTMLElement, set: SetMarker) {
    this.#list = new KeyedList(root.querySelector('.markers')!, ({ key }) => key, markerView);
    this.#text = root.querySelector('input')!;
    this.#button = root.querySelector('button')!;
    this.#answer = root.querySelector('.marker-answer')!;
    const form = root.querySelector('form')!;
    // A page that is busy sends the form later than it was asked to.
    form.addEventListener('keydown', ({ key, timeStamp }) => {
      this.#pressed_ms = key === 'Enter' ? timeStamp : null;
    });
    this.#button.addEventListener('click', ({ detail, timeStamp }) => {
      // Keys click, too, later than they were pressed.
      if (detail > 0) this.#pressed_ms = timeStamp;
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const time_unix = (performance.timeOrigin + (this.#pressed_ms ?? event.timeStamp)) / 1000;
      this.#pressed_ms = null;
      const session = this.#session;
      const text = this.#text.value.trim();
      if (session === null || text === '') return;
      this.#button.disabled = true;
      set(session, text, time_unix)
        .then(
          ({ time, recorded }) =>
            setText(this.#answer, `Set at ${sessionTime(time, 2)}${recorded ? '' : ', not recorded'}.`),
          (error: unknown) =>
            setText(this.#answer, `Not set: ${error instanceof Error ? error.message : String(error)}`),
        )
        .finally(() => {
          this.#button.disabled = false;
        });
    });
  }

  update(session: SessionState | null): void {
    this.#session = session?.name ?? null;
    const markers = session?.markers ?? [];
    if (markers === this.#drawn) return;
    this.#drawn = markers;
    const keyed = markers.map((marker, i) => ({ ...marker, key: `${marker.time} ${i} ${marker.text}` }));
    this.#list.update(keyed.slice(-SHOWN).reverse());
  }
}

function markerView({ time, source, text }: ToldMarker): ItemView<KeyedMarker> {
  const root = element(
    'li',
    'marker',
    element('span', 'event-time', sessionTime(time, 2)),
    element('span', 'marker-text', text),
    element('span', 'event-source', source),
  );
  return { root, update() {} };
}
