import type { ConnectorLog, Credentials } from "@postd/connector-kit";
import type { TenantId } from "@postd/contracts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import type { ComparedSignIn, SignInsRepo, TenantSignIns } from "../../ports/sign-ins.ts";
import type { Vault } from "../../ports/vault.ts";
import { unsealed } from "../connections/access.ts";
import { credentialsName, packCredentials } from "../connections/credentials.ts";
import { commonSignIn } from "./common-sign-in.ts";

export interface JoinDeps {
  readonly signIns: SignInsRepo;
  readonly vault: Vault;
  readonly registry: ConnectorRegistry;
  readonly log: ConnectorLog;
}

interface Leader {
  readonly signIn: ComparedSignIn;
  /** undefined: its secret cannot be opened. */
  readonly credentials: Credentials | undefined;
  /** Its secret is still held by the connection it was made of. */
  readonly isBorrowed: boolean;
}

/**
 * Brings together what the migration, which holds no key, had to leave apart: it made one sign-in per connection, and
 * those whose sealed secrets show the same sign-in become one. Each step is a transaction of its own and looks again at
 * what it read, so it may be broken off anywhere and run beside everything else. Answers how many were joined.
 */
export async function joinSignIns({ signIns, ...deps }: JoinDeps): Promise<number> {
  let joined = 0;
  for (const tenantId of await signIns.waiting()) {
    const repo = signIns.forTenant(tenantId);
    await repo.removeEnded();
    const all = await repo.all();
    const groups = Map.groupBy(all, (it) => subjectOf(it, deps.registry));
    for (const group of groups.values()) joined += await joinGroup(deps, { tenantId, repo, group });
  }
  return joined;
}

async function joinGroup(
  deps: Omit<JoinDeps, "signIns">,
  {
    tenantId,
    repo,
    group,
  }: { readonly tenantId: TenantId; readonly repo: TenantSignIns; readonly group: readonly ComparedSignIn[] },
): Promise<number> {
  const known = group.find((it) => !it.unjoined && !it.isTwin);
  let leader = known && (await leaderOf(deps, known));
  let joined = 0;
  for (const signIn of group.filter((it) => it.unjoined)) {
    const provider = providerOf(signIn, deps.registry);
    if (!leader) {
      if (await repo.promote(signIn.id, provider)) leader = await leaderOf(deps, signIn);
      continue;
    }
    const own = await opened(deps, signIn);
    const common = leader.credentials && own && commonSignIn(leader.credentials, own);
    if (!common) {
      await repo.keepApart(signIn.id, provider);
      continue;
    }
    const place = { tenantId, ownerId: leader.signIn.id, name: credentialsName };
    const sealed = leader.isBorrowed ? await deps.vault.seal(place, packCredentials(common.credentials)) : undefined;
    if (!(await repo.join({ from: signIn, to: leader.signIn, keepOwn: common.keepOwn, sealed }))) continue;
    leader = { ...leader, credentials: common.credentials, isBorrowed: false };
    joined += 1;
    deps.log.info({ tenantId, signInId: leader.signIn.id }, "two connections of one sign-in were joined");
  }
  return joined;
}

const leaderOf = async (deps: Omit<JoinDeps, "signIns">, signIn: ComparedSignIn): Promise<Leader> => ({
  signIn,
  credentials: await opened(deps, signIn),
  isBorrowed: signIn.secretOwner !== signIn.id,
});

async function opened(
  deps: Pick<JoinDeps, "vault">,
  { credentials }: ComparedSignIn,
): Promise<Credentials | undefined> {
  const found = credentials && (await unsealed(deps.vault, credentials));
  return found === "damaged" ? undefined : found;
}

/** SQL knows the providers of the platforms it was written for; of others the registry tells. */
const providerOf = ({ platform, provider }: ComparedSignIn, registry: ConnectorRegistry): string =>
  registry.get(platform)?.provider ?? provider;

const subjectOf = (signIn: ComparedSignIn, registry: ConnectorRegistry): string =>
  JSON.stringify([
    signIn.unjoined ? providerOf(signIn, registry) : signIn.provider,
    signIn.authKind,
    signIn.appId,
    signIn.simulated,
    signIn.subject,
  ]);
