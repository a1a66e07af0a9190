import type { CallInput, CallResult } from '../io/client/index.js';
import { AskedList } from './asked-list.js';
import { element, setText } from './element.js';
import type { ItemView } from './keyed-list.js';

type OutletStatus = CallResult<'lsl'>['outlets'][number];

/** The network answers within a second; it is asked again as often. */
const ASKED_EVERY_S = 2;

/** What the panel asks of the daemon; each throws what the daemon says. */
export interface Network {
  outlets(): Promise<CallResult<'lsl'>>;
  inlet(action: CallInput<'inlet'>['action'], uid: string): Promise<CallResult<'inlet'>>;
}

/** Outlets on the LSL network: what each feeds, or why nothing, and a button that connects or disconnects it. */
export class NetworkPanel {
  readonly #list: AskedList<OutletStatus>;

  constructor(root: HTMLElement, network: Network) {
    this.#list = new AskedList(root, {
      every_s: ASKED_EVERY_S,
      ask: async () => {
        const { outlets, more } = await network.outlets();
        return { items: outlets, note: noteOf(outlets.length, more) };
      },
      key: ({ uid }) => uid,
      view: (outlet) => outletView(outlet, network, () => this.#list.changed()),
    });
  }

  look(now_s: number): void {
    this.#list.look(now_s);
  }
}

function noteOf(outlets: number, more: boolean): string {
  if (outlets === 0)
    return 'No outlet answers. npx affectd doctor says what may keep the network from being seen.';
  return more ? `The first ${outlets}; there are more.` : '';
}

function outletView(
  { uid, name, type, host, source_id, channels, sfreq }: OutletStatus,
  network: Network,
  changed: () => void,
): ItemView<OutletStatus> {
  const state = element('span', 'tag');
  const use = element('p', 'hint');
  const button = element('button', 'digest');
  button.type = 'button';
  const answer = element('p', 'hint act-answer');
  answer.setAttribute('role', 'status');
  const rate = sfreq > 0 ? `${Number(sfreq.toFixed(2))} Hz` : 'irregular';
  const told = [type, rate, `${channels} ${channels === 1 ? 'channel' : 'channels'}`, host, source_id];
  const title = element('h3', '', name, ' ', element('small', '', told.filter(Boolean).join(', ')));
  let isFree = true;
  button.addEventListener('click', () => {
    const connects = isFree;
    button.disabled = true;
    network
      .inlet(connects ? 'connect' : 'disconnect', uid)
      .then(
        ({ session }) =>
          setText(answer, connects ? `Connected into ${session}.` : `Disconnected from ${session}.`),
        (error: unknown) =>
          setText(answer, `Not done: ${error instanceof Error ? error.message : String(error)}`),
      )
      .finally(() => {
        button.disabled = false;
        changed();
      });
  });
  const root = element(
    'li',
    'outlet',
    element('div', 'row', title, state),
    use,
    element('div', 'act', button, answer),
  );
  root.dataset.uid = uid;
  return {
    root,
    update(outlet) {
      isFree = outlet.state === 'free';
      root.dataset.state = outlet.state;
      setText(state, outlet.state);
      setText(use, useOf(outlet));
      setText(button, isFree ? 'Connect' : 'Disconnect');
      button.setAttribute('aria-label', `${isFree ? 'Connect' : 'Disconnect'} ${outlet.name}`);
    },
  };
}

function useOf({ received, why }: OutletStatus): string {
  const uses = received.map(
    ({ session, sources }) => `in ${session}${sources.length > 0 ? `, feeds ${sources.join(', ')}` : ''}`,
  );
  return [...uses, ...(why === null ? [] : [why])].join('; ');
}
