/**
 * Colours that people with any colour vision tell apart (Okabe and Ito 2008); its sky blue, orange and yellow, too pale for
 * lines on white, are replaced by violet and ochre.
 */
const colours = ['#0072b2', '#d55e00', '#009e73', '#c0659b', '#000000', '#8a6d00', '#5b4bb5'] as const;
const dashes = ['', '6 3', '2 3', '8 3 2 3'] as const;

/** How series `index` is drawn: colours come first, then another dash, so that no two look alike. */
export function seriesStyle(index: number): { readonly colour: string; readonly dash: string } {
  const dash = ((index % colours.length) + Math.floor(index / colours.length)) % dashes.length;
  return { colour: colours[index % colours.length], dash: dashes[dash] };
}

/** Stops of Cividis (Nuñez, Anderton and Renslow 2018), whose lightness rises evenly. */
const stops = [
  [0, 32, 76],
  [60, 77, 110],
  [124, 123, 120],
  [187, 173, 108],
  [255, 234, 70],
] as const;

/** Ground and text colour of a heat map's cell, `share` 0 .. 1; text in black or white, whichever reads better. */
export function cellColours(share: number): { readonly fill: string; readonly text: string } {
  if (!Number.isFinite(share)) return { fill: '#ffffff', text: '#1a1a1a' };
  const place = Math.max(0, Math.min(1, share)) * (stops.length - 1);
  const below = Math.min(stops.length - 2, Math.floor(place));
  const rgb = stops[below].map((from, c) =>
    Math.round(from + (place - below) * (stops[below + 1][c] - from)),
  );
  const fill = `#${rgb.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
  return { fill, text: share > 0.47 ? '#000000' : '#ffffff' };
}
