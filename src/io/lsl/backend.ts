import { ConfigurationError } from '../../core/errors.js';
import { Inlet, type InletOptions } from './inlet.js';
import { findLiblsl, loadLiblsl } from './native/liblsl.js';
import { nativeConnections } from './native/native-connection.js';
import type { LslContext } from './network.js';
import type { LslStreamInfo } from './stream-info.js';

export const backendNames = ['typescript', 'native'] as const;
export type BackendName = (typeof backendNames)[number];
export type BackendChoice = BackendName | 'auto';

/** What both backends' inlets have. */
export interface StreamInlet {
  /** The stream, with the outlet that feeds it at the moment. */
  readonly info: LslStreamInfo;
  /** Begins to receive. @throws LslError. */
  open(): Promise<void>;
  /** The stream's whole description. @throws LslError. */
  fullInfo(timeout_s?: number): Promise<LslStreamInfo>;
  close(): void | Promise<void>;
}

/** What receives samples and measures clocks. Finding, describing and offering streams is TypeScript's in both. */
export interface Backend {
  readonly name: BackendName;
  inlet(context: LslContext, info: LslStreamInfo, options: InletOptions): StreamInlet;
}

export const typescriptBackend: Backend = {
  name: 'typescript',
  inlet: (context, info, options) => new Inlet(context, info, options),
};

/** `auto` is TypeScript: it needs nothing. @throws ConfigurationError `lsl-backend-unavailable`. */
export function chooseBackend(choice: BackendChoice): Backend {
  if (choice !== 'native') return typescriptBackend;
  const liblsl = loadLiblsl();
  if ('reason' in liblsl)
    throw new ConfigurationError(
      'lsl-backend-unavailable',
      `--lsl-backend native: ${liblsl.reason}; or use typescript`,
    );
  const open = nativeConnections(liblsl);
  return { name: 'native', inlet: (context, info, options) => new Inlet(context, info, options, open) };
}

/** Both backends, and why native can't be had. Loads nothing. */
export function probeBackends(): readonly { name: BackendName; available: boolean; reason: string }[] {
  const found = findLiblsl();
  return [
    {
      name: 'typescript',
      available: true,
      reason: 'auto picks it: it needs no native code',
    },
    'path' in found
      ? { name: 'native', available: true, reason: found.path }
      : { name: 'native', available: false, reason: found.reason },
  ];
}
