import type {
  AckParams,
  DroppedParams,
  NackParams,
  OpenResult,
  RpcError,
  SubscribeResult,
} from '../protocol/control.js';
import type { NodeMessage } from '../protocol/output.js';

/*
 * Whether what came over the network has the shape that the client relies on. The protocol's own schemas say more, but
 * browsers would load a schema library for them, and a newer daemon may send more than a client knows.
 */

type Fields = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown): value is number => Number.isSafeInteger(value);

export const isRpcError = (value: unknown): value is RpcError =>
  isObject(value) &&
  isText(value.message) &&
  isObject(value.data) &&
  isText(value.data.code) &&
  (value.data.seq === undefined || isCount(value.data.seq));

export const isSubscribeResult = (value: unknown): value is SubscribeResult =>
  isObject(value) && Array.isArray(value.success) && Array.isArray(value.failure);

export const isOpenResult = (value: unknown): value is OpenResult =>
  isObject(value) &&
  isCount(value.stream) &&
  (value.last_seq === null || isCount(value.last_seq)) &&
  (value.next_seq === undefined || isCount(value.next_seq)) &&
  isObject(value.limits);

export const isAckParams = (value: unknown): value is AckParams =>
  isObject(value) && isCount(value.stream) && isCount(value.seq);

export const isNackParams = (value: unknown): value is NackParams =>
  isAckParams(value) && isText((value as Fields).code) && typeof (value as Fields).held === 'boolean';

export const isDroppedParams = (value: unknown): value is DroppedParams =>
  isObject(value) && isText(value.stream) && isCount(value.count);

export const isNodeMessage = (value: Fields): value is Fields & NodeMessage =>
  isText(value.session) && isText(value.node) && isText(value.run) && isCount(value.seq);
