/** `+0.42`, with a minus sign as wide as the plus, so that numbers don't jump. */
export function signed(value: number): string {
  const rounded = Math.abs(value).toFixed(2);
  return `${value < 0 && rounded !== '0.00' ? '\u2212' : '+'}${rounded}`;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** `4.2 s`, `38 s`, `2 min 5 s`, `3 h 12 min`. */
export function duration(span_s: number): string {
  if (span_s < 10) return `${Math.max(0, span_s).toFixed(1)} s`;
  const whole = Math.round(span_s);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Session time as `1:05`, `1:02:05`; to tenths where asked. */
export function sessionTime(time_s: number, digits = 0): string {
  const sign = time_s < 0 ? '\u2212' : '';
  const rounded = Number(Math.abs(time_s).toFixed(digits));
  const [h, min] = [Math.floor(rounded / 3600), Math.floor((rounded % 3600) / 60)];
  const s = (rounded % 60).toFixed(digits).padStart(digits > 0 ? digits + 3 : 2, '0');
  return h > 0 ? `${sign}${h}:${String(min).padStart(2, '0')}:${s}` : `${sign}${min}:${s}`;
}

/** `0 B`, `4.2 kB`, `38 MB`: decimal, as disks are sold. */
export function fileSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
