import type { PlannedPlatform, Platform, Provider, SignInMethod } from "@postd/connector-kit";
import { type FacetName, facetNames } from "@postd/connector-kit";
import type { FacetsView } from "@postd/contracts";

type Facet = FacetsView[FacetName];

/**
 * How far each facet of a platform is, by rule and from the connector alone. Partial is
 *
 *   signIn       where a sign-in renews itself not, or cannot be withdrawn by POSTD
 *   publishing   where some format is neither edited nor deleted once it is live
 *   numbers      where those of single posts, of the account, or posts made elsewhere are not read
 *   webhooks     where some kind of account has none
 *
 * and health is whole, as every platform has to answer it. Pure.
 */
export function facetsOf(platform: Platform, provider: Provider, signIns: readonly SignInMethod[]): FacetsView {
  return {
    signIn: facet(signInLacks(signIns)),
    publishing: platform.publishing ? facet(publishingLacks(platform.publishing)) : absent,
    numbers: platform.numbers ? facet(numbersLacks(platform.numbers)) : absent,
    webhooks: provider.webhooks ? facet(webhookLacks(platform, provider.webhooks)) : absent,
    health: facet([]),
  };
}

/** Partial where one of its facets is. Pure. */
export const statusOfFacets = (facets: FacetsView): "active" | "partial" =>
  facetNames.some((name) => facets[name].status === "partial") ? "partial" : "active";

/** Pure. */
export const plannedFacets = ({ comes }: PlannedPlatform): FacetsView => ({
  signIn: toCome(comes, "signIn"),
  publishing: toCome(comes, "publishing"),
  numbers: toCome(comes, "numbers"),
  webhooks: toCome(comes, "webhooks"),
  health: toCome(comes, "health"),
});

const toCome = (comes: readonly FacetName[], name: FacetName): Facet =>
  comes.includes(name) ? { status: "planned" } : absent;

const absent: Facet = { status: "absent" };
const facet = (lacks: string[]): Facet => (lacks.length === 0 ? { status: "active" } : { status: "partial", lacks });

function signInLacks(signIns: readonly SignInMethod[]): string[] {
  const lacking = (what: string, has: (signIn: SignInMethod) => boolean) => {
    const less = signIns.filter((signIn) => !has(signIn)).map(({ label }) => label);
    if (less.length === 0) return [];
    return [less.length === signIns.length ? what : `${what} (${less.join(", ")})`];
  };
  return [
    ...lacking("renewing", ({ refresh }) => refresh !== undefined),
    ...lacking("withdrawing", ({ revoke }) => revoke !== undefined),
  ];
}

function publishingLacks({ formats, edit, remove }: NonNullable<Platform["publishing"]>): string[] {
  const lacking = (what: string, able: readonly string[] = []) => {
    const less = Object.entries(formats).filter(([id]) => !able.includes(id));
    if (less.length === 0) return [];
    const names = less.map(([, { label }]) => label).join(", ");
    return [less.length === Object.keys(formats).length ? what : `${what} (${names})`];
  };
  return [...lacking("editing", edit?.formats), ...lacking("deletion", remove?.formats)];
}

const numbersLacks = ({ posts, account, recent }: NonNullable<Platform["numbers"]>): string[] => [
  ...(posts ? [] : ["numbers of single posts"]),
  ...(account ? [] : ["numbers of the account"]),
  ...(recent ? [] : ["posts made elsewhere"]),
];

function webhookLacks({ accountKinds }: Platform, webhooks: NonNullable<Provider["webhooks"]>): string[] {
  const less = accountKinds.filter(({ id }) => webhooks.accountKinds && !webhooks.accountKinds.includes(id));
  return less.length === 0 ? [] : [`events (${less.map(({ label }) => label).join(", ")})`];
}
