import type { Sealed } from "@postd/connector-kit";
import { secret } from "@postd/connector-kit";
import { z } from "zod";
import type { JobKey } from "../../ports/ledger.ts";
import type { SealedSecret, Vault } from "../../ports/vault.ts";

/** What steps keep from one run to the next and no state may hold. One sealed value a job, so that it changes as a whole. */
export interface JobSecrets {
  /** Encrypts for the job without storing; the ledger stores it with the state it belongs to. */
  seal(key: JobKey, secrets: Sealed): Promise<SealedSecret>;
  /** Empty: nothing is kept, or its key was erased. */
  open(key: JobKey): Promise<Sealed>;
}

const name = "steps";
const Opened = z.record(z.string(), z.string());

export function createJobSecrets(vault: Pick<Vault, "seal" | "open">): JobSecrets {
  const place = ({ tenantId, jobId }: JobKey) => ({ tenantId, ownerId: jobId, name });
  return {
    seal(key, secrets) {
      const plain = Object.fromEntries(Object.entries(secrets).map(([field, value]) => [field, value.reveal()]));
      return vault.seal(place(key), secret(JSON.stringify(plain)));
    },
    async open(key) {
      const stored = await vault.open(place(key));
      if (!stored) return {};
      const plain = Opened.parse(JSON.parse(stored.reveal()));
      return Object.fromEntries(Object.entries(plain).map(([field, value]) => [field, secret(value)]));
    },
  };
}
