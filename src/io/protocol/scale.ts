/**
 * The native scale is -1..1. EmotionML (W3C, dimensions) takes 0..1, SAM ratings (Bradley & Lang 1994) 1..9.
 * Values of up to 6 decimals, as predictions have, map to the exact decimal and back.
 */
export function toEmotionML(native: number): number {
  return decimal((native + 1) / 2);
}

export function fromEmotionML(emotionML: number): number {
  return decimal(emotionML * 2 - 1);
}

export function toSam(native: number): number {
  return decimal(native * 4 + 5);
}

export function fromSam(sam: number): number {
  return decimal((sam - 5) / 4);
}

/** Without the last bits' rounding noise, which would make 0.12 come back as 0.12000000000000011. */
function decimal(value: number): number {
  return Math.round(value * 1e9) / 1e9;
}
