const QUOTE = '"';
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * The records of delimited text that comes in pieces (RFC 4180). Empty lines are none. The first line break tells which
 * one separates records; a quote within a field, and text behind a quoted one, stand for themselves.
 */
export class DelimitedRecords {
  readonly #delimiter: number;
  #lineBreak: '' | '\n' | '\r\n' | '\r' = '';
  #record: string[] = [];
  #field = '';
  #place: 'start' | 'plain' | 'quoted' | 'behind a quote' = 'start';
  /** Of a piece's end: the next one tells what it is. */
  #held = '';

  constructor(delimiter: ',' | '\t' | ';') {
    this.#delimiter = delimiter.charCodeAt(0);
  }

  /** Those that end in `piece`. */
  *take(piece: string): Generator<readonly string[]> {
    const text = this.#held + piece;
    const end = text.endsWith('\r') ? text.length - 1 : text.length;
    this.#held = text.slice(end);
    yield* this.#split(text, end);
  }

  /** The last one. @returns Whether the text was cut within quotes: of a record that was, nothing is given. */
  *end(): Generator<readonly string[], boolean> {
    yield* this.#split(this.#held, this.#held.length);
    if (this.#place === 'quoted') return true;
    if (this.#place !== 'start' || this.#record.length > 0) yield this.#ended('');
    return false;
  }

  *#split(text: string, end: number): Generator<readonly string[]> {
    for (let at = 0; at < end; ) {
      if (this.#place === 'quoted') {
        const found = text.indexOf(QUOTE, at);
        const to = found < 0 ? end : found;
        this.#field += text.slice(at, to);
        at = to + 1;
        if (found >= 0) this.#place = 'behind a quote';
        continue;
      }
      if (this.#place === 'behind a quote') {
        if (text[at] === QUOTE) {
          this.#field += QUOTE;
          this.#place = 'quoted';
          at++;
          continue;
        }
        const isEnd = text.charCodeAt(at) === this.#delimiter || this.#breakAt(text, at) > 0;
        if (!isEnd) this.#field = `"${this.#field}"`;
        this.#place = 'plain';
      } else if (this.#place === 'start' && text[at] === QUOTE) {
        this.#place = 'quoted';
        at++;
        continue;
      }
      let to = at;
      let broken = 0;
      for (; to < end; to++) {
        const code = text.charCodeAt(to);
        if (code === this.#delimiter) break;
        if (code !== LINE_FEED && code !== CARRIAGE_RETURN) continue;
        broken = this.#breakAt(text, to);
        if (broken > 0) break;
      }
      const rest = text.slice(at, to);
      at = to + Math.max(1, broken);
      if (to === end) {
        this.#field += rest;
        this.#place = 'plain';
      } else if (broken === 0) {
        this.#record.push(this.#field + rest);
        this.#field = '';
        this.#place = 'start';
      } else if (rest !== '' || this.#place !== 'start' || this.#record.length > 0) yield this.#ended(rest);
    }
  }

  /** How long the line break at a place of a text is; 0: there is none. */
  #breakAt(text: string, at: number): number {
    const code = text.charCodeAt(at);
    if (this.#lineBreak === '') {
      if (code === LINE_FEED) this.#lineBreak = '\n';
      else if (code === CARRIAGE_RETURN)
        this.#lineBreak = text.charCodeAt(at + 1) === LINE_FEED ? '\r\n' : '\r';
      else return 0;
    }
    return text.startsWith(this.#lineBreak, at) ? this.#lineBreak.length : 0;
  }

  #ended(rest: string): readonly string[] {
    const record = this.#record;
    record.push(this.#field + rest);
    this.#record = [];
    this.#field = '';
    this.#place = 'start';
    return record;
  }
}
