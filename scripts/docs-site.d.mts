/** The `id` that GitHub gives a heading, but for the number that it adds to one that is there already. */
export function headingId(text: string): string;

/**
 * Writes the pages of docs/ as a static site: HTML, style, search script and index.
 *
 * @param root folder of the package
 * @param out folder of the site, made where it is missing
 * @throws Error naming page and link, where a page links to a file, or shows one, that isn't there
 */
export function buildDocsSite(root: string, out: string): Promise<void>;

/**
 * HTML of one page's Markdown. What is HTML in it is shown, not obeyed.
 *
 * @param resolve what a link's target becomes
 * @param resolveImage what an image's address becomes
 */
export function renderMarkdown(
  markdown: string,
  resolve?: (href: string) => string,
  resolveImage?: (href: string) => string,
): {
  readonly html: string;
  /** Text of the first heading of depth 1, or ''. */
  readonly title: string;
  /** What each heading stands over, in order; before the first heading of depth 2 under the title's. */
  readonly sections: readonly {
    readonly id: string;
    readonly depth: number;
    readonly heading: string;
    readonly text: string;
  }[];
};
