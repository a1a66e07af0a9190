import { reasonOf } from '../../../src/model/engines/choose.js';
import { loadTfjsWebgpu } from '../../../src/model/engines/tfjs-webgpu.js';

/** Why WebGPU does not run here; null where it does. */
export async function withoutWebgpu(): Promise<string | null> {
  try {
    await loadTfjsWebgpu();
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}
