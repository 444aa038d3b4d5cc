import { type Kept, type Secret, secret } from "@postd/connector-kit";
import { z } from "zod";
import { Tampered } from "../../ports/vault.ts";

/** Owner, in the vault, of what a pending authorisation keeps until the browser comes back. */
export const stateOwner = (stateHash: string): string => `state_${stateHash}`;
export const keptName = "kept";

/** What `start` kept and what a person typed for it. */
export interface KeptForCallback {
  readonly keep: Kept;
  readonly fields: Kept;
}

const Stored = z.object({ keep: z.record(z.string(), z.string()), fields: z.record(z.string(), z.string()) });

/** As one value to seal; undefined where there is nothing to keep. */
export function packKept({ keep, fields }: KeptForCallback): Secret | undefined {
  if (Object.keys(keep).length + Object.keys(fields).length === 0) return undefined;
  return secret(JSON.stringify({ keep: revealed(keep), fields: revealed(fields) }));
}

/** Throws `Tampered` when the value is not what `packKept` made. */
export function unpackKept(packed: Secret | undefined): KeptForCallback {
  if (!packed) return { keep: {}, fields: {} };
  const parsed = Stored.safeParse(JSON.parse(packed.reveal()));
  if (!parsed.success) throw new Tampered("what an authorisation kept has an unknown shape");
  return { keep: wrapped(parsed.data.keep), fields: wrapped(parsed.data.fields) };
}

const revealed = (kept: Kept) => Object.fromEntries(Object.entries(kept).map(([name, it]) => [name, it.reveal()]));
const wrapped = (values: Readonly<Record<string, string>>): Kept =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, secret(value)]));
