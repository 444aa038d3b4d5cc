import type { Numbers } from "@postd/connector-kit";
import type { LookState, NumbersOwner, NumbersRepo, TenantNumbers } from "../../ports/numbers.ts";
import type { LookDeps } from "../connections/look-at-account.ts";

export interface ReadNumbersDeps extends LookDeps {
  readonly numbers: NumbersRepo;
}

export interface NumbersLook extends NumbersOwner {
  readonly numbers: Numbers;
  readonly repo: TenantNumbers;
  /** undefined: this is the first look. */
  readonly state: LookState | undefined;
  /** The list and the account's own numbers are read too. */
  readonly isDay: boolean;
  readonly day: { readonly zone: string; readonly delayMs: number };
}
