import { type BoundModel, inputShape, outputNames, rankingWidth } from '../networks/definition.js';
import {
  type Activation,
  BATCH_NORM_EPSILON,
  type Convolution,
  type Graph,
  type ImageConvolution,
} from '../networks/graph.js';
import type { Parameters } from '../networks/parameters.js';

/** ONNX operator set and file version; the first that knows Gelu. */
const OPSET = 20;
const IR_VERSION = 9;

const FLOAT = 1;
const INT64 = 7;

/** Protocol Buffers, as far as ONNX needs them: https://protobuf.dev/programming-guides/encoding. */
type Field = readonly [number: number, value: number | bigint | string | Uint8Array | Float];
/** A number for a 32-bit floating-point field. */
class Float {
  constructor(readonly value: number) {}
}

function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return bytes;
}

function message(fields: readonly Field[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [number, value] of fields) {
    if (typeof value === 'number' || typeof value === 'bigint') {
      parts.push(Uint8Array.from([...varint(number << 3), ...varint(value)]));
    } else if (value instanceof Float) {
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setFloat32(0, value.value, true);
      parts.push(Uint8Array.from(varint((number << 3) | 5)), bytes);
    } else {
      const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
      parts.push(Uint8Array.from([...varint((number << 3) | 2), ...varint(bytes.length)]), bytes);
    }
  }
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

function tensor(
  name: string,
  shape: readonly number[],
  values: Float32Array | readonly bigint[],
): Uint8Array {
  const isFloat = values instanceof Float32Array;
  const raw = new Uint8Array(values.length * (isFloat ? 4 : 8));
  const view = new DataView(raw.buffer);
  values.forEach((value: number | bigint, i: number) => {
    if (typeof value === 'bigint') view.setBigInt64(8 * i, value, true);
    else view.setFloat32(4 * i, value, true);
  });
  return message([
    ...shape.map((axis): Field => [1, axis]),
    [2, isFloat ? FLOAT : INT64],
    [8, name],
    [9, raw],
  ]);
}

/** A float tensor's name and type; the batch and axes given by name are free. */
function valueInfo(name: string, shape: readonly (number | string)[]): Uint8Array {
  const dimensions = [
    message([[2, 'batch']]),
    ...shape.map((axis) => message([[typeof axis === 'string' ? 2 : 1, axis]])),
  ].map((dimension): Field => [1, dimension]);
  const type = message([
    [1, FLOAT],
    [2, message(dimensions)],
  ]);
  return message([
    [1, name],
    [2, message([[1, type]])],
  ]);
}

type Attribute = number | Float | readonly number[];

function attribute(name: string, value: Attribute): Uint8Array {
  if (value instanceof Float)
    return message([
      [1, name],
      [2, value],
      [20, 1],
    ]);
  if (typeof value === 'number')
    return message([
      [1, name],
      [3, value],
      [20, 2],
    ]);
  return message([[1, name], ...value.map((item): Field => [8, item]), [20, 7]]);
}

const operators: Readonly<Record<Activation, string>> = {
  relu: 'Relu',
  gelu: 'Gelu',
  elu: 'Elu',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
};

/** Writes down what a model's forward pass asks for; values are names of tensors. */
class OnnxGraph implements Graph<string> {
  readonly nodes: Uint8Array[] = [];
  readonly initializers = new Map<string, Uint8Array>();
  #values = 0;

  constructor(
    readonly shapes: ReadonlyMap<string, readonly number[]>,
    readonly parameters: Parameters,
  ) {}

  node(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    const output = `v${this.#values++}`;
    this.nodes.push(
      message([
        ...inputs.map((input): Field => [1, input]),
        [2, output],
        [3, `${operator}_${output}`],
        [4, operator],
        ...Object.entries(attributes).map(([name, value]): Field => [5, attribute(name, value)]),
      ]),
    );
    return output;
  }

  parameter(name: string): string {
    if (!this.initializers.has(name))
      this.initializers.set(name, tensor(name, this.shapes.get(name)!, this.parameters.get(name)!));
    return name;
  }

  integers(values: readonly number[]): string {
    const name = `int64_${values.join('_')}`;
    if (!this.initializers.has(name))
      this.initializers.set(name, tensor(name, [values.length], values.map(BigInt)));
    return name;
  }

  constant(value: number): string {
    const name = `float_${value}`;
    if (!this.initializers.has(name)) this.initializers.set(name, tensor(name, [], Float32Array.of(value)));
    return name;
  }

  input(name: string): string {
    return `input.${name}`;
  }
  linear(x: string, name: string): string {
    return this.node('Gemm', [x, this.parameter(`${name}.weight`), this.parameter(`${name}.bias`)]);
  }
  product(x: string, parameter: string, options?: { transposed?: boolean }): string {
    return options?.transposed
      ? this.node('Gemm', [x, this.parameter(parameter)], { transB: 1 })
      : this.node('MatMul', [x, this.parameter(parameter)]);
  }
  activate(x: string, activation: Activation): string {
    return this.node(operators[activation], [x]);
  }
  add(a: string, b: string): string {
    return this.node('Add', [a, b]);
  }
  multiply(a: string, b: string): string {
    return this.node('Mul', [a, b]);
  }
  scale(x: string, factor: number, offset = 0): string {
    const scaled = this.node('Mul', [x, this.constant(factor)]);
    return offset === 0 ? scaled : this.node('Add', [scaled, this.constant(offset)]);
  }
  softmax(x: string): string {
    return this.node('Softmax', [x], { axis: -1 });
  }
  hardmax(x: string): string {
    return this.node('Hardmax', [x], { axis: -1 });
  }
  sum(x: string, axis: number): string {
    return this.node('ReduceSum', [x, this.integers([axis])], { keepdims: 0 });
  }
  mean(x: string, axis: number): string {
    return this.node('ReduceMean', [x, this.integers([axis])], { keepdims: 0 });
  }
  max(x: string, axis: number): string {
    return this.node('ReduceMax', [x, this.integers([axis])], { keepdims: 0 });
  }
  slice(x: string, axis: number, from: number, to: number): string {
    return this.node('Slice', [x, this.integers([from]), this.integers([to]), this.integers([axis])]);
  }
  reshape(x: string, shape: readonly number[]): string {
    return this.node('Reshape', [x, this.integers([-1, ...shape])]);
  }
  transpose(x: string, order: readonly number[]): string {
    return this.node('Transpose', [x], { perm: order });
  }
  concat(parts: readonly string[], axis: number): string {
    return this.node('Concat', parts, { axis });
  }
  column(x: string, index: number): string {
    return this.slice(x, 1, index, index + 1);
  }
  convolve(x: string, kernel: string, o: Convolution): string {
    return this.node('Conv', [x, this.parameter(kernel)], {
      group: o.depthwise ? o.channels : 1,
      kernel_shape: [o.taps],
      strides: [o.stride],
      pads: o.padding,
    });
  }
  /** ONNX has channels before rows; its optimiser takes out the transposes between one operation and the next. */
  convolve2d(x: string, name: string, { taps }: ImageConvolution): string {
    const filters = this.transpose(this.parameter(`${name}.weight`), [3, 2, 0, 1]);
    const margin = (taps - 1) / 2;
    const sums = this.node(
      'Conv',
      [this.transpose(x, [0, 3, 1, 2]), filters, this.parameter(`${name}.bias`)],
      {
        kernel_shape: [taps, taps],
        pads: [margin, margin, margin, margin],
      },
    );
    return this.transpose(sums, [0, 2, 3, 1]);
  }
  maxPool2d(x: string, size: number): string {
    const pooled = this.node('MaxPool', [this.transpose(x, [0, 3, 1, 2])], {
      kernel_shape: [size, size],
      strides: [size, size],
    });
    return this.transpose(pooled, [0, 2, 3, 1]);
  }
  batchNorm(x: string, name: string): string {
    const parts = ['scale', 'shift', 'mean', 'variance'].map((part) => this.parameter(`${name}.${part}`));
    return this.node('BatchNormalization', [x, ...parts], { epsilon: new Float(BATCH_NORM_EPSILON) });
  }
  dropout(x: string): string {
    return x;
  }
}

/**
 * A model as an ONNX file: inputs `input.<modality>` [batch, ...] and `input.presence` [batch, M], and those of the
 * outputs {@link outputNames} that the model has. Field numbers are those of onnx.proto3 (https://github.com/onnx/onnx).
 */
export function writeOnnx(model: BoundModel, parameters: Parameters): Uint8Array {
  const graph = new OnnxGraph(new Map(model.parameters.map((spec) => [spec.name, spec.shape])), parameters);
  const values = model.forward(graph);
  const widths = {
    heads: model.heads.length,
    weights: model.inputs.length,
    routing: 'routes',
    classes: model.classes.length,
    ranking: rankingWidth(model),
  };
  const outputs = outputNames.filter((name) => values[name] !== null);
  for (const name of outputs)
    graph.nodes.push(
      message([
        [1, values[name]!],
        [2, name],
        [3, `output_${name}`],
        [4, 'Identity'],
      ]),
    );
  const inputs = [
    ...model.inputs.map((input) => valueInfo(`input.${input.name}`, inputShape(input))),
    valueInfo('input.presence', [model.inputs.length]),
  ];
  const encoded = message([
    ...graph.nodes.map((node): Field => [1, node]),
    [2, model.type],
    ...[...graph.initializers.values()].map((initializer): Field => [5, initializer]),
    ...inputs.map((input): Field => [11, input]),
    ...outputs.map((name): Field => [12, valueInfo(name, [widths[name]])]),
  ]);
  return message([
    [1, IR_VERSION],
    [2, 'affectd'],
    [7, encoded],
    [
      8,
      message([
        [1, ''],
        [2, OPSET],
      ]),
    ],
  ]);
}
