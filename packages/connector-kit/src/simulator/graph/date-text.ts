const secondMs = 1_000;
const unitMs: Readonly<Record<string, number>> = {
  sec: secondMs,
  second: secondMs,
  min: 60 * secondMs,
  minute: 60 * secondMs,
  hour: 3_600 * secondMs,
  day: 86_400 * secondMs,
  week: 7 * 86_400 * secondMs,
  fortnight: 14 * 86_400 * secondMs,
};
const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const dayWords: Readonly<Record<string, number>> = { yesterday: -1, today: 0, midnight: 0, tomorrow: 1 };

/**
 * An instant in milliseconds from unix seconds, ISO 8601 or a text as PHP's strtotime reads it: `+1 hour`, `tomorrow 9:30`,
 * `next monday noon`, `2 days ago`; undefined for anything else. Days are those of UTC: whose they are at Meta is not documented, which
 * is why a caller reads the time back.
 */
export function readDate(text: string, nowMs: number): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const absolute = /\d{4}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(absolute)) return absolute;
  const words =
    text
      .toLowerCase()
      .match(/[+-]?\s*\d+:\d\d(:\d\d)?|[+-]?\s*\d+|[a-z]+/g)
      ?.map((word) => word.replaceAll(" ", "")) ?? [];
  if (words.length === 0 || text.replaceAll(/[\w\s:+-]/g, "") !== "") return undefined;
  return relative(words, nowMs);
}

function relative(words: readonly string[], nowMs: number): number | undefined {
  let at = nowMs;
  for (let index = 0; index < words.length; ) {
    const [step, taken] = one(words, index, at) ?? [];
    if (step === undefined || taken === undefined) return undefined;
    at = step;
    index += taken;
  }
  return at;
}

/** The instant after one more part of a text, and how many words it took. */
function one(words: readonly string[], index: number, at: number): readonly [number, number] | undefined {
  const [word = "", next = "", third] = words.slice(index);
  const day = Object.hasOwn(dayWords, word) ? dayWords[word] : undefined;
  if (day !== undefined) return [midnight(at) + day * 86_400 * secondMs, 1];
  if (word === "now") return [at, 1];
  if (word === "noon") return [midnight(at) + 12 * 3_600 * secondMs, 1];
  if (word === "at") return [at, 1];
  const clock = /^(\d{1,2})(?::(\d\d)(?::(\d\d))?)?$/.exec(word);
  const half = next === "am" || next === "pm" ? next : undefined;
  if (clock && (word.includes(":") || half)) {
    const hours = (Number(clock[1]) % (half ? 12 : 24)) + (half === "pm" ? 12 : 0);
    return [
      midnight(at) + ((hours * 60 + Number(clock[2] ?? 0)) * 60 + Number(clock[3] ?? 0)) * secondMs,
      half ? 2 : 1,
    ];
  }
  if (/^[+-]?\d+$/.test(word)) {
    const sign = third === "ago" ? -1 : 1;
    const moved = move(at, sign * Number(word), next);
    return moved === undefined ? undefined : [moved, third === "ago" ? 3 : 2];
  }
  if (word === "next" || word === "last") {
    const sign = word === "next" ? 1 : -1;
    const moved = weekdays.includes(next) ? weekday(at, next, sign) : move(at, sign, next);
    return moved === undefined ? undefined : [moved, 2];
  }
  return weekdays.includes(word) ? [weekday(at - 86_400 * secondMs, word, 1), 1] : undefined;
}

function move(at: number, count: number, unit: string): number | undefined {
  const name = unit.replace(/s$/, "");
  const ms = Object.hasOwn(unitMs, name) ? unitMs[name] : undefined;
  if (ms !== undefined) return at + count * ms;
  if (name !== "month" && name !== "year") return undefined;
  const date = new Date(at);
  date.setUTCMonth(date.getUTCMonth() + (name === "month" ? count : 12 * count));
  return date.getTime();
}

/** Midnight of the first such day after, or before, that of `at`. */
function weekday(at: number, name: string, sign: 1 | -1): number {
  const days = (((weekdays.indexOf(name) - new Date(at).getUTCDay()) * sign + 6) % 7) + 1;
  return midnight(at) + sign * days * 86_400 * secondMs;
}

const midnight = (at: number): number => Math.floor(at / (86_400 * secondMs)) * 86_400 * secondMs;
