import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { PipelineProblem } from './problem.js';

type Path = readonly (string | number)[];

/** One broken bracket can make every line after it an error. */
const MOST_SYNTAX_PROBLEMS = 5;

/** A YAML text that knows on which line every value stands. */
export class PipelineDocument {
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();
  #value: unknown;
  /** Why valid YAML has no value: aliases that unfold without end. */
  #unusable: string | null = null;

  constructor(
    readonly file: string,
    text: string,
  ) {
    this.#document = parseDocument(text, { lineCounter: this.#lines, uniqueKeys: true, version: '1.2' });
    if (this.#document.errors.length > 0) return;
    try {
      this.#value = this.#document.toJS();
    } catch (error) {
      this.#unusable = (error as Error).message;
    }
  }

  /** The parsed value, or undefined with problems when the text is not YAML. */
  value(): unknown {
    return this.syntaxProblems().length > 0 ? undefined : this.#value;
  }

  syntaxProblems(): PipelineProblem[] {
    if (this.#unusable !== null)
      return [{ file: this.file, line: 1, column: 1, path: '', message: `not usable: ${this.#unusable}` }];
    return this.#document.errors.slice(0, MOST_SYNTAX_PROBLEMS).map((error) => {
      const { line, col } = this.#lines.linePos(error.pos[0]);
      const message = error.message.split('\n')[0].replace(/ at line \d+, column \d+:?$/, '');
      return { file: this.file, line, column: col, path: '', message: `not valid YAML: ${message}` };
    });
  }

  /** A problem at `path`, on the line of its key; of the nearest parent when the path does not exist. */
  problem(path: Path, message: string): PipelineProblem {
    const { line, col } = this.#lines.linePos(this.#offsetOf(path));
    return {
      file: this.file,
      line: Math.max(1, line),
      column: Math.max(1, col),
      path: path.join('.'),
      message,
    };
  }

  #offsetOf(path: Path): number {
    let node: unknown = this.#document.contents;
    let offset = 0;
    for (const key of path) {
      if (isMap(node)) {
        const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
        if (!pair) break;
        if (isScalar(pair.key) && pair.key.range) offset = pair.key.range[0];
        node = pair.value;
      } else {
        const child: unknown = this.#document.getIn(path.slice(0, path.indexOf(key) + 1), true);
        if (!isScalar(child) || !child.range) break;
        offset = child.range[0];
        node = child;
      }
    }
    return offset;
  }
}
