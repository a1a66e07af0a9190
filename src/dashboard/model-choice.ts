import { element } from './element.js';
import { type ItemView, KeyedList } from './keyed-list.js';
import type { SessionState } from './state.js';

interface Item {
  readonly model: string;
  readonly isShown: boolean;
}

/** The models of a session that has several; a click chooses the one that the page shows. */
export class ModelChoice {
  readonly #list: KeyedList<Item>;
  #session = '';

  constructor(
    readonly root: HTMLElement,
    choose: (session: string, model: string) => void,
  ) {
    this.#list = new KeyedList(
      root,
      ({ model }) => model,
      ({ model }) => modelView(model, () => choose(this.#session, model)),
    );
  }

  update(session: SessionState | null): void {
    this.#session = session?.name ?? '';
    const models = [...(session?.models.keys() ?? [])];
    this.root.hidden = models.length < 2;
    this.#list.update(models.map((model) => ({ model, isShown: model === session?.model })));
  }
}

function modelView(name: string, choose: () => void): ItemView<Item> {
  const button = element('button', 'digest', name);
  button.type = 'button';
  button.addEventListener('click', choose);
  return {
    root: element('li', '', button),
    update: ({ isShown }) => button.setAttribute('aria-pressed', String(isShown)),
  };
}
