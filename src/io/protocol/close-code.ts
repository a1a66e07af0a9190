/** WebSocket close codes that the server uses (RFC 6455 section 7.4, IANA registry). */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  policy: 1008,
  tooBig: 1009,
  tryAgainLater: 1013,
} as const;
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

export const closeCodes: Readonly<Record<CloseCode, string>> = {
  1000: 'The client asked for it.',
  1001: 'The daemon stops. Connect again later; an ingest client resumes with `open`.',
  1008: 'Policy: no or wrong token, too many connections, or too many malformed messages. The reason holds the code.',
  1009: 'A message was longer than `max_frame_bytes`. Split it.',
  1013: 'More waited for the client than is kept (policy `buffer`, or bytes of all): it reads too slowly. Subscribe again, or with another policy.',
};
