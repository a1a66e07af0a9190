import type { CallResult } from '../io/client/index.js';
import { setText } from './element.js';
import { duration, fileSize, sessionTime } from './number-text.js';
import type { SessionStatus } from './session-statuses.js';

type Recording = NonNullable<SessionStatus['recording']>;

/** What the panel asks of the daemon; each throws what the daemon says. */
export interface Acts {
  record(session: string, action: 'start' | 'stop'): Promise<CallResult<'record'>>;
  baseline(session: string, action: 'start' | 'stop'): Promise<CallResult<'baseline'>>;
}

/** Records the session that is shown, and takes a rest of it; says how far each is. */
export class ActPanel {
  readonly #root: HTMLElement;
  readonly #record: Act;
  readonly #baseline: Act;
  #session: string | null = null;

  /** `changed` is called when the daemon has done what was asked. */
  constructor(root: HTMLElement, acts: Acts, changed: () => void) {
    this.#root = root;
    const act = (name: string, ask: Ask) => new Act(root.querySelector(`[data-act=${name}]`)!, ask, changed);
    this.#record = act('record', async (session, action) => recordAnswer(await acts.record(session, action)));
    this.#baseline = act('baseline', async (session, action) =>
      baselineAnswer(await acts.baseline(session, action), action),
    );
  }

  /** @param now_unix_s since 1970 by the page's machine, s */
  update(status: SessionStatus | null, now_unix_s: number): void {
    this.#root.hidden = status === null;
    if (status === null) return;
    const { session, recording, baseline_since: since } = status;
    const isOther = session !== this.#session;
    this.#session = session;
    this.#record.update(session, isOther, {
      isOn: recording !== null,
      label: recording ? 'Stop recording' : 'Record',
      told: recording ? recordingText(recording, now_unix_s) : 'Not recorded.',
      isFailing: recording !== null && recording.failure !== null,
    });
    this.#baseline.update(session, isOther, {
      isOn: since !== null,
      label: since === null ? 'Begin a rest' : 'End the rest',
      told:
        since === null
          ? 'None is taken.'
          : `Taken since ${sessionTime(since, 1)}, for ${duration(reached(status, now_unix_s) - since)}.`,
      isFailing: false,
    });
  }
}

type Ask = (session: string, action: 'start' | 'stop') => Promise<string>;

interface ActState {
  /** Whether it is under way, so that the button ends it. */
  readonly isOn: boolean;
  readonly label: string;
  readonly told: string;
  readonly isFailing: boolean;
}

/** A button that begins something and ends it. */
class Act {
  readonly #root: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #told: HTMLElement;
  readonly #answer: HTMLElement;
  #session: string | null = null;
  #isOn = false;

  constructor(root: HTMLElement, ask: Ask, changed: () => void) {
    this.#root = root;
    this.#button = root.querySelector('button')!;
    this.#told = root.querySelector('.act-told')!;
    this.#answer = root.querySelector('.act-answer')!;
    this.#button.addEventListener('click', () => {
      const session = this.#session;
      if (session === null) return;
      const say = (text: string): void => {
        if (session === this.#session) setText(this.#answer, text);
      };
      this.#button.disabled = true;
      ask(session, this.#isOn ? 'stop' : 'start')
        .then(say, (error: unknown) =>
          say(`Not done: ${error instanceof Error ? error.message : String(error)}`),
        )
        .finally(() => {
          this.#button.disabled = false;
          changed();
        });
    });
  }

  update(session: string, isOther: boolean, { isOn, label, told, isFailing }: ActState): void {
    if (isOther) setText(this.#answer, '');
    this.#session = session;
    this.#isOn = isOn;
    this.#root.classList.toggle('is-on', isOn);
    this.#root.classList.toggle('is-failing', isFailing);
    setText(this.#button, label);
    setText(this.#told, told);
  }
}

/** Session time by now, s; as the daemon last said it where it tells no wall clock. */
const reached = ({ zero_unix, time }: SessionStatus, now_unix_s: number): number =>
  zero_unix === null ? (time ?? 0) : now_unix_s - zero_unix;

function recordingText({ file, since_unix, failure, ...told }: Recording, now_unix_s: number): string {
  const free = told.disk_free_bytes === null ? '' : `, ${fileSize(told.disk_free_bytes)} free`;
  if (failure !== null) return `Nothing is kept: ${failure}${free}.`;
  if (file === null) return `Recorded from the next sample on${free}.`;
  return `${file}: ${duration(Math.max(0, now_unix_s - since_unix))}, ${fileSize(told.bytes)}${free}.`;
}

function recordAnswer({ stopped }: CallResult<'record'>): string {
  if (!stopped) return '';
  return stopped.file === null
    ? 'Stopped before any sample.'
    : `Kept: ${stopped.file}, ${fileSize(stopped.bytes)}.`;
}

function baselineAnswer({ time, recorded, nodes }: CallResult<'baseline'>, action: 'start' | 'stop'): string {
  const isKept = recorded ? '' : ', not recorded';
  return `${action === 'start' ? 'Begun' : 'Ended'} at ${sessionTime(time, 1)}${isKept}; for ${nodes.join(', ')}.`;
}
