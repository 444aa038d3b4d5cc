import type { RateView } from "@postd/contracts";

const people = "People who were counted once in each day, post or account cannot be added up.";
const average = "Averages cannot be added up.";

/** Numbers whose sum means nothing, by our names, and why. All others of one name may be added up. */
const notAddable: Readonly<Record<string, string>> = {
  reach: people,
  accounts_engaged: people,
  uniqueOpens: people,
  uniqueClicks: people,
  avg_watch_ms: average,
  rating: average,
};

/** Why several numbers of this name cannot be added up; undefined: they can. */
export const whyNotAddable = (name: string): string | undefined =>
  Object.hasOwn(notAddable, name) ? notAddable[name] : undefined;

type Values = ReadonlyMap<string, number>;

function delivered(values: Values): number | undefined {
  const sent = values.get("recipients");
  const bounced = [values.get("hardBounces"), values.get("softBounces")];
  return sent === undefined || bounced.some((value) => value === undefined)
    ? undefined
    : bounced.reduce<number>((left, value) => left - (value ?? 0), sent);
}

/**
 * Shares the field has one definition of. There is none for the platforms that name no engagements of their own: what would be
 * counted as one differs from tool to tool.
 */
const rates: readonly {
  readonly name: string;
  readonly formula: string;
  readonly part: string;
  readonly whole: (values: Values) => number | undefined;
}[] = [
  {
    name: "engagement_rate",
    formula: "engagements / impressions",
    part: "engagements",
    whole: (values) => values.get("impressions"),
  },
  {
    name: "open_rate",
    formula: "uniqueOpens / (recipients - hardBounces - softBounces)",
    part: "uniqueOpens",
    whole: delivered,
  },
  {
    name: "click_rate",
    formula: "uniqueClicks / (recipients - hardBounces - softBounces)",
    part: "uniqueClicks",
    whole: delivered,
  },
];

/** The shares of one post whose parts are both there; nothing is divided by nothing. */
export function ratesOf(metrics: readonly { readonly name: string; readonly value: number }[]): readonly RateView[] {
  const values = new Map(metrics.map(({ name, value }) => [name, value]));
  return rates.flatMap(({ name, formula, part, whole }) => {
    const [above, below] = [values.get(part), whole(values)];
    return above === undefined || below === undefined || below <= 0
      ? []
      : [{ name, value: Math.round((above / below) * 1e6) / 1e6, formula }];
  });
}
