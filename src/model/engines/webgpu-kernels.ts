import type * as tfjs from '@tensorflow/tfjs';
import { sizeOf } from '../networks/parameters.js';
import type { Tfjs } from './tfjs-graph.js';

/** What of tfjs's WebGPU backend, 4.22.0, is used here. */
interface WebgpuBackend {
  readonly tensorMap: { get(dataId: object): Uploadable };
  readonly bufferManager: { acquireBuffer(size: number, usage: number): object };
  readonly queue: { writeBuffer(buffer: object, offset: number, data: Float32Array | Int32Array): void };
  uploadToGPU(dataId: object): void;
  runWebGPUProgram(
    program: FilterGradient,
    inputs: readonly tfjs.TensorInfo[],
    dtype: 'float32',
    uniforms: readonly { readonly type: 'int32'; readonly data: readonly number[] }[],
  ): tfjs.TensorInfo;
}
interface Uploadable {
  readonly dtype: string;
  readonly shape: readonly number[];
  values: ArrayLike<number> | null;
  resource: object | null;
}

/** STORAGE, COPY_SRC and COPY_DST of WebGPU's GPUBufferUsage, as tfjs's own tensors have them. */
const TENSOR_USAGE = 0x80 | 0x04 | 0x08;

/** Values go into a buffer that is used again; tfjs makes and maps a new one each time, which costs Dawn more than a kernel. */
function uploadByWriting(backend: WebgpuBackend): void {
  const plainly = backend.uploadToGPU.bind(backend);
  backend.uploadToGPU = (dataId) => {
    const data = backend.tensorMap.get(dataId);
    const { values, resource, dtype } = data;
    if (resource || !values || !['float32', 'int32', 'bool'].includes(dtype)) {
      plainly(dataId);
      return;
    }
    const typed = dtype === 'float32' ? Float32Array.from(values) : Int32Array.from(values);
    const buffer = backend.bufferManager.acquireBuffer(typed.byteLength, TENSOR_USAGE);
    // Before every command that is still to be handed over; none of them has to do with a buffer that was free.
    backend.queue.writeBuffer(buffer, 0, typed);
    data.resource = buffer;
    data.values = null;
  };
}

const THREADS = 256;

/**
 * Gradient of a convolution's filter: THREADS threads add up one element. tfjs has one thread do it, which for a long signal
 * and a small filter leaves most of a GPU idle.
 */
class FilterGradient {
  readonly variableNames = ['x', 'dy'];
  readonly uniforms =
    'strides : vec2<i32>, pads : vec2<i32>, inside : vec2<i32>, outside : vec2<i32>, places : i32, multiplier : i32,';
  readonly workgroupSize: [number, number, number] = [THREADS, 1, 1];
  readonly size = true;
  readonly dispatchLayout: { x: number[] };
  readonly dispatch: [number, number, number];
  readonly shaderKey: string;

  constructor(
    readonly outputShape: readonly number[],
    private readonly depthwise: boolean,
  ) {
    this.dispatchLayout = { x: outputShape.map((_, i) => i) };
    this.dispatch = [sizeOf(outputShape), 1, 1];
    this.shaderKey = `affectd_filter_gradient_${depthwise}`;
  }

  getUserCode(): string {
    return `
      var<workgroup> sums : array<f32, ${THREADS}>;
      fn main(index : i32) {
        let element = index / ${THREADS};
        let coords = getCoordsFromIndex(element);
        let output = ${this.depthwise ? 'coords[2] * uniforms.multiplier + coords[3]' : 'coords[3]'};
        let pixels = uniforms.outside[0] * uniforms.outside[1];
        var sum = 0.0;
        for (var place = i32(localId.x); place < uniforms.places && element < uniforms.size; place += ${THREADS}) {
          let b = place / pixels;
          let r = place % pixels / uniforms.outside[1];
          let c = place % uniforms.outside[1];
          let row = r * uniforms.strides[0] + coords[0] - uniforms.pads[0];
          let column = c * uniforms.strides[1] + coords[1] - uniforms.pads[1];
          if (row >= 0 && row < uniforms.inside[0] && column >= 0 && column < uniforms.inside[1]) {
            sum += getX(b, row, column, coords[2]) * getDy(b, r, c, output);
          }
        }
        sums[localId.x] = sum;
        workgroupBarrier();
        for (var half = ${THREADS / 2}u; half > 0u; half = half / 2u) {
          if (localId.x < half) { sums[localId.x] += sums[localId.x + half]; }
          workgroupBarrier();
        }
        if (localId.x == 0u && element < uniforms.size) { setOutputAtIndex(element, sums[0]); }
      }
    `;
  }
}

/** Filters of more elements than this fill a GPU with a thread for each. */
const SMALL_FILTER = 65_536;

function registerFilterGradient(tf: Tfjs, kernelName: string, depthwise: boolean): void {
  const plain = tf.getKernel(kernelName, 'webgpu');
  tf.unregisterKernel(kernelName, 'webgpu');
  tf.registerKernel({
    ...plain,
    kernelFunc: (args) => {
      const { inputs, attrs, backend } = args;
      const { strides, pad, dimRoundingMode, filterShape, dataFormat } = attrs as unknown as {
        readonly strides: number | [number, number];
        readonly pad: 'same' | 'valid' | number;
        readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
        readonly filterShape: [number, number, number, number];
        readonly dataFormat?: string;
      };
      if (sizeOf(filterShape) > SMALL_FILTER || dataFormat === 'NCHW') return plain.kernelFunc(args);
      const { x, dy } = inputs as { x: tfjs.TensorInfo; dy: tfjs.TensorInfo };
      const sizes = tf.backend_util.computeConv2DInfo(
        x.shape as [number, number, number, number],
        filterShape,
        strides,
        1,
        pad,
        dimRoundingMode,
        depthwise,
      );
      const { padInfo, batchSize, inHeight, inWidth, outHeight, outWidth, outChannels, inChannels } = sizes;
      const integers = (...data: number[]) => ({ type: 'int32', data }) as const;
      return (backend as WebgpuBackend).runWebGPUProgram(
        new FilterGradient(filterShape, depthwise),
        [x, dy],
        'float32',
        [
          integers(sizes.strideHeight, sizes.strideWidth),
          integers(padInfo.top, padInfo.left),
          integers(inHeight, inWidth),
          integers(outHeight, outWidth),
          integers(batchSize * outHeight * outWidth),
          integers(outChannels / inChannels),
        ],
      );
    },
  });
}

/** Kernels whose commands are handed over together; tfjs's 15 make more work of handing over than of computing. */
const HANDED_OVER_TOGETHER = 200;

/** Fits tfjs's WebGPU backend, which is active, to what is slow outside of a browser. Once. */
export function tuneWebgpu(tf: Tfjs): void {
  tf.env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', HANDED_OVER_TOGETHER);
  uploadByWriting(tf.backend() as unknown as WebgpuBackend);
  registerFilterGradient(tf, 'Conv2DBackpropFilter', false);
  registerFilterGradient(tf, 'DepthwiseConv2dNativeBackpropFilter', true);
}
