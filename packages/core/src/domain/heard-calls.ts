import type { ConnectorHttp, HttpResponse, PlatformFailure } from "@postd/connector-kit";
import type { Result } from "@postd/contracts";

/**
 * Whether what came back says that the platform is down: 5xx, no connection, no answer in time. Whatever it says on purpose, 429
 * and every other 4xx, is an answer; what our own guard, limits or leases refuse says nothing. Pure.
 */
export function tellsOf(
  answer: Result<Pick<HttpResponse, "status">, PlatformFailure>,
): "answered" | "failed" | "nothing" {
  if (answer.ok) return answer.value.status >= 500 ? "failed" : "answered";
  const { kind, cause = "" } = answer.error;
  if (kind !== "unavailable" && kind !== "outcome_unknown") return "answered";
  return ownCauses.some((own) => cause === own || cause.startsWith(`${own}:`)) ? "nothing" : "failed";
}

const ownCauses = ["refused", "lease", "too_many_redirects"] as const;

/** Kinds that a platform says on purpose, whatever status it puts on them. */
const said: ReadonlySet<PlatformFailure["kind"]> = new Set([
  "auth_expired",
  "auth_revoked",
  "scope_missing",
  "rate_limited",
  "content_rejected",
  "account_blocked",
]);

/** Listens to the calls of one try. */
export class HeardCalls {
  private answered = 0;
  private failed = 0;

  listen(http: ConnectorHttp): ConnectorHttp {
    return {
      request: async (request) => {
        const answer = await http.request(request);
        const told = tellsOf(answer);
        if (told === "answered") this.answered += 1;
        if (told === "failed") this.failed += 1;
        return answer;
      },
    };
  }

  /** What the connector made of it, or what stood before any call of its own, as the renewal of a token. */
  understood(failure: PlatformFailure): void {
    if (said.has(failure.kind)) {
      this.answered += this.failed;
      this.failed = 0;
      return;
    }
    const isSilent = this.answered + this.failed === 0;
    if (isSilent && tellsOf({ ok: false, error: failure }) === "failed") this.failed += 1;
  }

  /** The platform named the post. */
  named(): void {
    this.answered += 1;
  }

  /** One failing call makes it a failing try: a platform that can be read and takes nothing is down for what is to be sent. */
  end(): "answered" | "failed" | "silent" {
    if (this.failed > 0) return "failed";
    return this.answered > 0 ? "answered" : "silent";
  }
}
