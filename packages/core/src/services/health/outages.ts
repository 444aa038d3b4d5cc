import type { OutageView } from "@postd/contracts";
import type { OpenCircuit } from "../../ports/circuits.ts";

/** A circuit that is not closed, as people see it. Pure. */
export function outageView({ circuit, server, waiting }: OpenCircuit): OutageView {
  const { state, downSince, openedAt, probeAt } = circuit;
  const since = downSince ?? openedAt ?? probeAt;
  if (state === "closed" || !since) throw new Error("a closed circuit is no outage");
  return {
    state,
    since: since.toISOString(),
    ...(probeAt && { nextLookAt: probeAt.toISOString() }),
    ...(server !== "" && { server }),
    waiting,
  };
}

/** What is down of a platform: all of it, or the server of people's own that most wait for. Pure. */
export function outageOf(
  outages: readonly OpenCircuit[],
  platform: string,
  simulated: boolean,
): OpenCircuit | undefined {
  const own = outages.filter((it) => it.platform === platform && it.simulated === simulated);
  return own.find(({ server }) => server === "") ?? own.sort((a, b) => b.waiting - a.waiting)[0];
}
