/** An answer that is JSON already: what is kept as text isn't parsed to be written again. */
export class JsonText {
  constructor(readonly text: string) {}
}
