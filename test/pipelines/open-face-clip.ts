/** Ten seconds of OpenFace at 30 Hz; a smile from 5 s on, the face lost from 7 s on. */
export function openFaceClip(): string {
  const rows = Array.from({ length: 300 }, (_, i) => {
    const [smiles, lost] = [i >= 150, i >= 210];
    return [
      i + 1,
      (i / 30).toFixed(3),
      lost ? 0.2 : 0.98,
      Number(!lost),
      0.1,
      0,
      -0.2,
      0.5,
      smiles ? 4 : 0,
      Number(smiles),
    ].join(', ');
  });
  const head = 'frame, timestamp, confidence, success, pose_Rx, pose_Ry, pose_Rz, AU01_r, AU12_r, AU12_c';
  return `${[head, ...rows].join('\n')}\n`;
}
