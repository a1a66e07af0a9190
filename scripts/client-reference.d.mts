/** docs/reference/client.md. */
export function clientReference(): string;
