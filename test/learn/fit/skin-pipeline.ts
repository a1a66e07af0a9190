/** A pipeline file that gives a model skin conductance and temperature, `normalize` being the former's settings. */
export function skinPipeline(type: string, normalize = 'min_s: 0'): string {
  return `
sources:
  eda: { type: websocket, stream_type: EDA, optional: true }
  temp: { type: websocket, stream_type: TEMP, optional: true }
transforms:
  skin: { type: extract, input: eda, features: [skin-conductance], window_s: 4, hop_s: 1 }
  skin_z: { type: normalize, input: skin, ${normalize} }
  warmth: { type: extract, input: temp, features: [skin-temperature], window_s: 4, hop_s: 1 }
models:
  affect: { type: ${type}, inputs: { eda: skin_z, temp: warmth }, path: model }
`;
}
