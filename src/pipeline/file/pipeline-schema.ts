import { z } from 'zod';
import { streamTypes } from '../../core/signal.js';

export const nodeNamePattern = /^[A-Za-z][A-Za-z0-9_]{0,127}$/;

const nodeName = z.string().regex(nodeNamePattern).describe('Name of a node in this file.');
const modalityInputs = z
  .record(z.string().regex(nodeNamePattern), z.union([nodeName, z.array(nodeName).min(1)]))
  .describe('For each modality the node that serves it, or several in order of preference.');

/** Keys that every source has beside those of its type. */
export const sourceNodeSchema = z.strictObject({
  type: z.string(),
  stream_type: z
    .enum(streamTypes)
    .exclude(['Markers', 'Annotation', 'Affect', 'Ticks', 'Other'])
    .describe('Canonical type of the stream that feeds this source.'),
  name: z.string().min(1).optional().describe('Take only streams of this name.'),
  stream_name: z.string().min(1).optional().describe('The same as `name`.'),
  source_id: z
    .string()
    .min(1)
    .optional()
    .describe('Take only streams of this source id, which tells two equal devices apart.'),
  hostname: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Take only streams of this machine: the host of an LSL outlet, the address of a WebSocket client.',
    ),
  has_labels: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Take only streams that have channels of these labels, among others.'),
  failover: z
    .boolean()
    .default(false)
    .describe(
      'Whether any stream that fits takes over when the one that fed this source is lost for 30 s; else only one that the same machine or client opened after that.',
    ),
  labels: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      'Labels of the channels in the order of the stream, for devices that send none or wrong ones; "" leaves one unnamed.',
    ),
  optional: z.boolean().default(false).describe('Whether the pipeline runs without this stream.'),
  sfreq_hz: z
    .number()
    .positive()
    .optional()
    .describe('Nominal rate that is expected, Hz; lets the check find band edges above Nyquist.'),
});

/** The edges of a transform. */
export function inputSchema(join: boolean): z.ZodType<{ type: string }> {
  return join
    ? z.strictObject({ type: z.string(), inputs: modalityInputs })
    : z.strictObject({ type: z.string(), input: nodeName });
}

export const modelNodeSchema = z
  .strictObject({
    type: z.string(),
    path: z
      .string()
      .min(1)
      .describe(
        "Folder of the model's manifest: beside this file, below its parent folder, or shipped with affectd.",
      ),
    input: nodeName.optional().describe('An align node.'),
    inputs: modalityInputs.optional(),
  })
  .refine((node) => (node.input === undefined) !== (node.inputs === undefined), {
    message: 'needs either input (an align node) or inputs (modalities and their nodes)',
  });

export const sinkNodeSchema = z.strictObject({
  type: z.string(),
  input: z
    .union([nodeName, z.array(nodeName).min(1)])
    .describe('The model whose predictions, or the node whose features, go out.'),
});
