import type { Json, JsonObject } from "@postd/contracts";
import { z } from "zod";
import type { Counters } from "./appview-calls.ts";
import type { Bluesky } from "./call.ts";
import { newAppPassword } from "./ids.ts";

const Who = z.object({ account: z.string().describe("DID or handle") });
const Status = Who.extend({ status: z.enum(["active", "takendown", "suspended", "deactivated", "deleted"]) });
const Confirmed = Who.extend({ confirmed: z.boolean() });
const Engage = z.object({ uri: z.string(), counts: z.record(z.string(), z.int().min(0)) });
const Enforce = z.object({ enforce: z.boolean() });

/**
 * Changes made by the owner, by Bluesky or by an audience: revokeAppPasswords, createAppPassword, setStatus,
 * confirmEmail, engage (`uri` of a post with likeCount, repostCount...; or a DID with followersCount), limits. Throws on
 * an unknown action or input.
 */
export function runAction(
  action: string,
  input: JsonObject,
  { bluesky, counters }: { readonly bluesky: Bluesky; readonly counters: Counters },
): Json {
  const { world, sessions, limiter } = bluesky;
  switch (action) {
    case "revokeAppPasswords":
      sessions.revoke(world.repo(Who.parse(input).account));
      return { revoked: true };
    case "createAppPassword": {
      const appPassword = newAppPassword();
      world.repo(Who.parse(input).account).appPasswords.set(`posting ${appPassword.slice(0, 4)}`, appPassword);
      return { appPassword };
    }
    case "setStatus": {
      const { account, status } = Status.parse(input);
      world.repo(account).status = status;
      return { status };
    }
    case "confirmEmail": {
      const { account, confirmed } = Confirmed.parse(input);
      world.repo(account).emailConfirmed = confirmed;
      return { confirmed };
    }
    case "engage": {
      const { uri, counts } = Engage.parse(input);
      counters.set(uri, counts);
      return counts;
    }
    case "limits":
      limiter.enforce(Enforce.parse(input).enforce);
      return { ok: true };
    default:
      throw new Error(
        `unknown action ${action}; known: revokeAppPasswords, createAppPassword, setStatus, confirmEmail, engage, limits`,
      );
  }
}
