const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Text in UTF-8 or, as older writers of many formats left it, Latin-1. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('latin1');
  }
}
