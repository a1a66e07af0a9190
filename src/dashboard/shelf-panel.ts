import type { CallResult } from '../io/client/index.js';
import { AskedList } from './asked-list.js';
import { element, setText } from './element.js';
import type { ItemView } from './keyed-list.js';
import { duration, fileSize } from './number-text.js';

type Shelf = CallResult<'recordings'>;
type ShelvedRecording = Shelf['recordings'][number];

const ASKED_EVERY_S = 5;

/** What the daemon's record folder holds, newest first, to be saved. */
export class ShelfPanel {
  readonly #list: AskedList<ShelvedRecording>;

  /** `recordings` throws what the daemon says; `linked`: whether the browser may fetch files by itself, which it can't with a token. */
  constructor(root: HTMLElement, recordings: () => Promise<Shelf>, linked: boolean) {
    this.#list = new AskedList(root, {
      every_s: ASKED_EVERY_S,
      ask: async () => {
        const shelf = await recordings();
        return { items: shelf.recordings, note: noteOf(shelf) };
      },
      key: ({ file }) => file,
      view: (recording) => recordingView(recording, linked),
    });
  }

  look(now_s: number): void {
    this.#list.look(now_s);
  }
}

function noteOf({ recordings, more, disk_free_bytes: free }: Shelf): string {
  const kept =
    recordings.length === 0 ? 'None yet' : more ? `The newest ${recordings.length}; there are more` : '';
  const room = free === null ? '' : `${fileSize(free)} free`;
  return [kept, room].filter(Boolean).join('; ');
}

function recordingView({ file }: ShelvedRecording, linked: boolean): ItemView<ShelvedRecording> {
  const told = element('p', 'hint');
  const files = element('p', 'recording-files');
  const root = element('li', 'recording', element('h3', '', file), told, files);
  let shown = '';
  return {
    root,
    update(recording) {
      setText(told, describe(recording));
      root.classList.toggle('is-on', recording.is_recorded);
      if (!linked || shown === recording.files.join()) return;
      shown = recording.files.join();
      files.replaceChildren(...recording.files.flatMap((name) => [linkTo(name), ' ']));
    },
  };
}

function linkTo(file: string): HTMLAnchorElement {
  const link = element('a', '', `Save ${file}`);
  link.href = `v1/recordings/${encodeURIComponent(file)}`;
  link.download = file;
  return link;
}

function describe({ session, bytes, parts, begun_unix, duration_s, is_recorded }: ShelvedRecording): string {
  return [
    session === null ? 'not of a session' : `session ${session}`,
    begun_unix === null ? '' : new Date(begun_unix * 1000).toLocaleString(),
    is_recorded ? 'being recorded' : duration_s === null ? 'has no end' : duration(duration_s),
    fileSize(bytes),
    parts > 1 ? `${parts} parts` : '',
  ]
    .filter(Boolean)
    .join(', ');
}
