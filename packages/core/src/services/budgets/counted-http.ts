import type { Clock, ConnectorHttp, ConnectorLog, UsageReader } from "@postd/connector-kit";
import type { Budgets, CountedAccount } from "./budget-book.ts";

/** Counts every call of an account, lets so many go at once as its platform takes, and reads off each answer what the platform says of its budgets. */
export function countedHttp(
  http: ConnectorHttp,
  {
    budgets,
    usage,
    account,
    clock,
    log,
  }: {
    readonly budgets: Pick<Budgets, "called" | "turn">;
    readonly usage: UsageReader | undefined;
    readonly account: CountedAccount;
    readonly clock: Clock;
    readonly log: Pick<ConnectorLog, "warn">;
  },
): ConnectorHttp {
  return {
    async request(request) {
      const endTurn = await budgets.turn(account);
      const answer = await http.request(request).finally(endTurn);
      try {
        budgets.called(account, answer.ok && usage ? usage(answer.value, request) : [], clock.now());
      } catch {
        // What a reader of headers cannot read must not stand in the way of the answer; its words may quote a header.
        log.warn({ platform: account.platform }, "what an answer says of budgets could not be read");
      }
      return answer;
    },
  };
}
