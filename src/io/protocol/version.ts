/** Version of the protocol: the `v1` of the paths and the first byte of a binary frame. */
export const PROTOCOL_VERSION = 1;

export const STREAM_PATH = '/v1/stream';
export const INGEST_PATH = '/v1/ingest';
export const SCHEMA_PATH = '/v1/schema';

/** WebSocket subprotocol that a browser offers beside the one that carries its token. */
export const SUBPROTOCOL = 'affectd.v1';

/** Prefix of the subprotocol that carries a bearer token, base64url without padding, as browsers can't set headers. */
export const TOKEN_SUBPROTOCOL_PREFIX = 'affectd.bearer.';
