/** A command that isn't done; its message is told to who gave it, in one line. */
export class CommandRefused extends Error {
  override readonly name = 'CommandRefused';
}
