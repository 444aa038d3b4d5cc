const number = (value: number): string => value.toLocaleString("en-US");

/** 2,000,000 is "2 MB", 1,048,576 is "1 MiB", anything else is written out. */
export function bytesText(bytes: number): string {
  const units = [
    [1_000_000_000, "GB"],
    [1_073_741_824, "GiB"],
    [1_000_000, "MB"],
    [1_048_576, "MiB"],
    [1024, "KiB"],
    [1000, "kB"],
  ] as const;
  const whole = units.find(([size]) => bytes >= size && bytes % size === 0);
  return whole ? `${number(bytes / whole[0])} ${whole[1]}` : `${number(bytes)} bytes`;
}

/** The largest unit that is whole: 90,000 is "90 s", 1,200,000 is "20 min". */
export function durationText(ms: number): string {
  const units = [
    [86_400_000, "days"],
    [3_600_000, "h"],
    [60_000, "min"],
    [1000, "s"],
  ] as const;
  const whole = units.find(([size]) => ms >= size && ms % size === 0);
  return whole
    ? `${number(ms / whole[0])} ${whole[0] === 86_400_000 && ms === whole[0] ? "day" : whole[1]}`
    : `${number(ms)} ms`;
}

/** "3 to 90", "at least 3", "at most 90", or nothing. */
export function rangeText(min: string | undefined, max: string | undefined): string {
  if (min !== undefined && max !== undefined) return min === max ? min : `${min} to ${max}`;
  if (min !== undefined) return `at least ${min}`;
  return max === undefined ? "" : `at most ${max}`;
}
