import { fail } from "@postd/contracts";

export const notFound = (what: string) =>
  fail({
    code: "not_found" as const,
    detail: `There is no ${what} with this id here.`,
    next: "Check the id, and that you work in the right tenant.",
  });

export const noTenant = () =>
  fail({
    code: "forbidden" as const,
    detail: "You belong to no tenant yet.",
    next: "Create one with POST /api/tenants, or accept an invitation.",
  });

export const enoughTenants = (most: number) =>
  fail({
    code: "forbidden" as const,
    detail: `You own ${most} workspaces or more, and one person makes no more than that.`,
    next: "Use one you have, hand one over to somebody else, or ask the operator to raise POSTD_WORKSPACES_PER_PERSON.",
  });

export const ownersOnly = () =>
  fail({
    code: "forbidden" as const,
    detail: "Only an owner may make somebody an owner or change one.",
    next: "Ask an owner of this tenant.",
  });

export const lastOwner = () =>
  fail({
    code: "state_conflict" as const,
    detail: "This is the last owner, and a tenant always has one.",
    next: "Make somebody else an owner first.",
  });

export const secondFactorByOwners = () =>
  fail({
    code: "forbidden" as const,
    field: "requiresTwoFactor",
    detail: "Only an owner may decide whether everybody shows a second factor.",
    next: "Ask an owner of this tenant.",
  });

export const showYoursFirst = () =>
  fail({
    code: "forbidden" as const,
    field: "requiresTwoFactor",
    detail: "You are signed in without a second factor, so this would lock you out.",
    next: "Switch on codes with POST /api/auth/two-factor/enable and ask again.",
  });
