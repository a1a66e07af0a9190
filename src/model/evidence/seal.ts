import { digestOf } from '../../core/digest.js';

/**
 * Digest of all that a manifest says but for the seal itself, so that a value that was changed by hand shows. It keeps
 * nobody from sealing anew: whoever does is found by training and evaluating again (`affectd models verify --rerun`).
 */
export function sealOf(manifest: object): string {
  return digestOf({ ...manifest, seal: undefined });
}
