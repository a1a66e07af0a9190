import { type Channel, channelKind, channelSummary } from './channel-state.js';
import { element, setText } from './element.js';
import { type ItemView, KeyedList } from './keyed-list.js';
import { percent, signed } from './number-text.js';
import { maskText } from './reason-text.js';
import type { Contribution, InputState, ModalityState, SessionState } from './state.js';

/** Change of an estimate that fills a bar from its middle to its end. */
const FULL_CHANGE = 0.5;

/** A modality, and what it brings to the estimates; null where the daemon doesn't say. */
type Heard = readonly [name: string, state: ModalityState, contribution: Contribution | null];

/** What the model listens to, and in what state its sensors are. */
export class SensorPanel {
  readonly #modalities: KeyedList<Heard>;
  readonly #inputs: KeyedList<[string, InputState]>;
  readonly #empty: HTMLElement;
  readonly #legend: HTMLElement;
  readonly #meaning: HTMLElement;
  #affect: SessionState['affect'] = null;
  #quality: SessionState['quality'] = null;

  constructor(root: HTMLElement) {
    this.#modalities = new KeyedList(root.querySelector('.modalities')!, ([name]) => name, modalityView);
    this.#inputs = new KeyedList(root.querySelector('.inputs')!, ([name]) => name, inputView);
    this.#empty = root.querySelector('.panel-empty')!;
    this.#legend = root.querySelector('.legend')!;
    this.#meaning = root.querySelector('.contribution-meaning')!;
  }

  update(session: SessionState | null): void {
    const [affect, quality] = [session?.affect ?? null, session?.quality ?? null];
    if (affect !== this.#affect) this.#modalities.update(heard(affect));
    if (quality !== this.#quality) this.#inputs.update(Object.entries(quality?.inputs ?? {}));
    this.#affect = affect;
    this.#quality = quality;
    this.#empty.hidden = affect !== null || quality !== null;
    this.#legend.hidden = quality === null;
    this.#meaning.hidden = affect?.contribution === undefined;
  }
}

function heard(affect: SessionState['affect']): Heard[] {
  return Object.entries(affect?.modalities ?? {}).map(([name, state]) => [
    name,
    state,
    affect?.contribution?.[name] ?? null,
  ]);
}

/** A labelled bar to either side of 0 with its value in figures: what a sensor brings to an estimate. */
function changeView([told]: [string, number]): ItemView<[string, number]> {
  const label = told.replace(/^classes\./, '');
  const fill = element('span', 'bar-fill');
  const track = element('span', 'bar-track is-signed', fill);
  const figure = element('span', 'bar-figure');
  track.setAttribute('role', 'meter');
  track.setAttribute('aria-label', `contribution to ${label}`);
  track.setAttribute('aria-valuemin', String(-FULL_CHANGE));
  track.setAttribute('aria-valuemax', String(FULL_CHANGE));
  return {
    root: element('li', 'bar', element('span', 'bar-label', label), track, figure),
    update([, change]): void {
      const within = Math.min(FULL_CHANGE, Math.max(-FULL_CHANGE, change));
      track.setAttribute('aria-valuenow', within.toFixed(2));
      track.setAttribute('aria-valuetext', signed(change));
      fill.style.setProperty('transform', `scaleX(${(within / FULL_CHANGE).toFixed(3)})`);
      setText(figure, signed(change));
    },
  };
}

/** A labelled bar from 0 to 1 with its value in figures. */
function bar(label: string, format: (value: number) => string) {
  const fill = element('span', 'bar-fill');
  const track = element('span', 'bar-track', fill);
  const figure = element('span', 'bar-figure');
  track.setAttribute('role', 'meter');
  track.setAttribute('aria-label', label);
  track.setAttribute('aria-valuemin', '0');
  track.setAttribute('aria-valuemax', '1');
  return {
    root: element('div', 'bar', element('span', 'bar-label', label), track, figure),
    update(value: number): void {
      track.setAttribute('aria-valuenow', value.toFixed(2));
      track.setAttribute('aria-valuetext', format(value));
      fill.style.setProperty('transform', `scaleX(${Math.min(1, Math.max(0, value)).toFixed(3)})`);
      setText(figure, format(value));
    },
  };
}

function modalityView([name]: Heard): ItemView<Heard> {
  const state = element('span', 'tag');
  const reason = element('p', 'masked-reason');
  const coverage = bar('coverage', percent);
  const weight = bar('weight', (value) => value.toFixed(2));
  const changes = element('ul', 'changes');
  changes.setAttribute('aria-label', `What ${name} brings to the estimates`);
  const list = new KeyedList<[string, number]>(changes, ([told]) => told, changeView);
  const root = element(
    'li',
    'modality',
    element('div', 'row', element('h3', '', name), state),
    reason,
    coverage.root,
    weight.root,
    changes,
  );
  root.dataset.modality = name;
  return {
    root,
    update([, modality, contribution]) {
      root.dataset.present = String(modality.present);
      setText(state, modality.present ? 'present' : 'masked');
      reason.hidden = modality.present;
      setText(reason, modality.present ? '' : maskText(modality.reason));
      coverage.update(modality.coverage);
      weight.root.hidden = modality.weight === null;
      weight.update(modality.weight ?? 0);
      changes.hidden = contribution === null;
      list.update(Object.entries(contribution ?? {}));
    },
  };
}

function inputView([name]: [string, InputState]): ItemView<[string, InputState]> {
  const title = element('h4', '');
  const state = element('span', 'tag');
  const layout = element('p', 'input-layout');
  const channels = element('ul', 'channels');
  const list = new KeyedList<[number, Channel]>(channels, ([index]) => String(index), channelView);
  const root = element('li', 'input', element('div', 'row', title, state), layout, channels);
  root.dataset.input = name;
  return {
    root,
    update([, input]) {
      root.dataset.present = String(input.present);
      setText(title, input.name === name ? name : `${name}: ${input.name}`);
      setText(state, input.present ? 'present' : maskText(input.reason));
      const rate = input.sfreq > 0 ? `${input.sfreq} Hz` : 'irregular';
      const simulated = input.simulated ? 'SIMULATED, ' : '';
      setText(layout, `${simulated}${input.type}, ${rate}, ${channelSummary(input.channels)}`);
      list.update([...input.channels.entries()]);
    },
  };
}

function channelView(): ItemView<[number, Channel]> {
  const label = element('span', 'channel-label');
  const spoken = element('span', 'visually-hidden');
  const root = element('li', 'channel', element('span', 'channel-dot'), label, spoken);
  return {
    root,
    update([index, channel]) {
      const name = channel.label || `#${index + 1}`;
      root.dataset.kind = channelKind(channel.state);
      const words = channel.state === 'ok' ? 'ok' : maskText(channel.state);
      root.title = `${name}: ${words}, coverage ${percent(channel.coverage)}`;
      setText(label, name);
      setText(spoken, `: ${words}`);
    },
  };
}
