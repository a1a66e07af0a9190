import type { Engine } from './engine.js';
import { TfjsExecutable } from './tfjs-executable.js';
import type { Tfjs } from './tfjs-graph.js';
import { tuneWebgpu } from './webgpu-kernels.js';

/** What of WebGPU's `GPU` is used here. */
interface Gpu {
  requestAdapter(options: { powerPreference: 'high-performance' }): Promise<GpuAdapter | null>;
}
interface GpuAdapter {
  readonly info: {
    readonly vendor: string;
    readonly device: string;
    readonly description: string;
    /** A driver that computes on the CPU. */
    readonly isFallbackAdapter?: boolean;
  };
}

/** The npm package `webgpu`: Dawn, Chromium's WebGPU, over Vulkan, Metal or Direct3D 12. */
interface WebgpuPackage {
  create(options: readonly string[]): Gpu;
  /** WebGPU's classes and constants, which tfjs expects as a page has them. */
  readonly globals: Readonly<Record<string, unknown>>;
}

/** tfjs on a GPU, and which. */
export interface WebgpuBackend {
  readonly tf: Tfjs;
  /** The adapter's name, and whether it is a program on the CPU, as Mesa's lavapipe. */
  readonly adapter: string;
}

/** This thread's `navigator.gpu`, made where there is none. Dawn lives as long as it is referred to. */
function navigatorGpu({ create, globals }: WebgpuPackage): Gpu {
  const scope = globalThis as { navigator?: { gpu?: Gpu } };
  if (scope.navigator?.gpu) return scope.navigator.gpu;
  Object.assign(globalThis, globals);
  const gpu = create([]);
  // Node 20 has no navigator; the one of later versions has no gpu.
  if (!scope.navigator) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.defineProperty(scope.navigator, 'gpu', { value: gpu, configurable: true });
  return gpu;
}

/**
 * tfjs with its WebGPU backend active: a GPU of any maker, through its Vulkan, Metal or Direct3D 12 driver. Tensors are
 * read with `data()`; there is no way to wait for them. Throws where a package is not installed or no driver gives a GPU.
 */
export async function loadTfjsWebgpu(): Promise<WebgpuBackend> {
  // Named indirectly: no build may need the packages.
  const [webgpu, backend]: string[] = ['webgpu', '@tensorflow/tfjs-backend-webgpu'];
  const gpu = navigatorGpu((await import(webgpu)) as WebgpuPackage);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('no Vulkan, Metal or Direct3D 12 driver gives a GPU');
  const tf: Tfjs = await import('@tensorflow/tfjs');
  await import(backend);
  tf.enableProdMode();
  const first = !('webgpu' in tf.engine().registry);
  if (!(await tf.setBackend('webgpu'))) throw new Error('the WebGPU backend does not start');
  if (first) tuneWebgpu(tf);
  const { vendor, device, description, isFallbackAdapter: software = false } = adapter.info;
  const name = device || description || vendor || 'a GPU without a name';
  return { tf, adapter: software ? `${name}, which computes on the CPU` : name };
}

/**
 * tfjs on a GPU through WebGPU, for those who add its packages (docs/explanation/engines.md). A window at a time, a CPU
 * answers sooner: it serves only where it is named.
 */
export async function createTfjsWebgpuEngine(): Promise<Engine> {
  const { tf, adapter } = await loadTfjsWebgpu();
  return {
    name: 'tfjs-webgpu',
    detail: `tfjs ${tf.version.tfjs}, WebGPU on ${adapter}`,
    load: async ({ model, parameters }) => new TfjsExecutable(tf, model, parameters),
  };
}
