import { fail, ok, type PostInput, type TrialRequest } from "@postd/contracts";
import { decidesAlone } from "../../domain/approval.ts";
import type { Caller, PublishingService } from "../../ports/services.ts";
import { answered } from "../answered.ts";
import { serviceErrorOf } from "../connections/explain.ts";
import { draftOf, mustAsk, type PublishingDeps } from "./accept-post.ts";
import { fitTargets } from "./fit-targets.ts";
import { prepareTargets, problemsOf, refusalOf } from "./prepare-targets.ts";
import { no } from "./refusals.ts";
import type { RemoteDeps } from "./remote.ts";
import { withSavedMentions } from "./saved-mentions.ts";

/** Files are sent with it, and nobody waits longer for an answer. */
const timeoutMs = 60_000;

/**
 * Shows a post to a few people before it goes out. It is checked as any post, and goes out at once, while whoever asked waits:
 * no audience sees it, so it is no job. Where every post waits for an approver, only they may show it to people outside.
 */
export async function trialPost(
  caller: Caller,
  { connectionId, destination, to, ...written }: TrialRequest,
  deps: PublishingDeps & { readonly remote: RemoteDeps },
): ReturnType<PublishingService["trialPost"]> {
  const { tenantId } = caller;
  const store = deps.store.forTenant(tenantId);
  if (!decidesAlone(caller) && (await store.requiresApproval()))
    return mustAsk("Write it with POST /api/posts and mode ask.");
  const targets: PostInput["targets"] = [{ connectionId, ...(destination === undefined ? {} : { destination }) }];
  const named = await withSavedMentions({ ...written, targets }, store);
  if (!named.ok) return named;
  const prepared = await prepareTargets(draftOf(named.value, []), store, deps);
  if (!prepared.ok) return prepared;
  const [one] = prepared.value;
  if (!one) throw new Error("a post for one account was prepared for none");
  const { platform, target } = one;
  const { trial } = platform.publishing;
  if (!trial?.formats.includes(one.post.format))
    return no(
      "invalid_input",
      "connectionId",
      `${platform.name} lets nobody see this before everybody does.`,
      "Look for platforms with supports.trial in GET /api/platforms.",
    );
  if (to.length > trial.max)
    return no(
      "invalid_input",
      "to",
      `${platform.name} shows it to at most ${trial.max} people at a time.`,
      "Name fewer of them.",
    );
  const refused = refusalOf(problemsOf(prepared.value, (_index, field) => field));
  if (refused) return refused;
  const ready = await fitTargets(caller, [one], deps);
  if (!ready.ok) return ready;
  const unfit = refusalOf(problemsOf(ready.value, (_index, field) => field));
  if (unfit) return unfit;
  const post = (ready.value[0] ?? one).post;
  const { access, contextFor } = deps.remote;
  const opened = await access.open({ tenantId, connectionId: target.connectionId, fresh: true });
  if (!opened) return no("not_found", "connectionId", "There is no such account any more.", "Connect it again.");
  if (!opened.ok) return fail(serviceErrorOf(opened.error, platform));
  const ctx = contextFor({
    connection: opened.value,
    effect: "invisible",
    repeatable: true,
    timeoutMs,
    leaseRemainingMs: () => Number.POSITIVE_INFINITY,
  });
  const about = { call: "trial", platform: platform.id, mayBeDone: true };
  const done = await answered(ctx, about, () => trial.run(post, to, ctx));
  return done.ok ? ok({ sent: true, simulated: target.simulated }) : fail(serviceErrorOf(done.error, platform));
}
