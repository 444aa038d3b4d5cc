import type { Point } from "./points.ts";
import { Rounds } from "./rounds.ts";
import type { Stage } from "./stage.ts";

/**
 * The worst case Facebook has: it refuses to show an unpublished post, so that the post goes out in one call that cannot
 * be repeated, and it leaves the post out of every list, so that nobody can tell whether it did. In force from here on.
 */
export async function hiddenOneStep(
  stage: Stage,
): Promise<{ readonly rounds: Rounds; readonly mayBeUnknown: (point: Point) => boolean }> {
  await stage.clearFaults();
  await stage.system.sim("POST", "meta/act", { action: "refuseTwoStep" });
  const always = [{ fault: "hideFromLists", times: "always" }];
  const rounds = await Rounds.prepare(stage, ["facebook photo", "facebook text"], always);
  // The first call of this shape makes the unpublished post, the second one the visible.
  return { rounds, mayBeUnknown: ({ shown }) => shown === "POST {id}/feed #2" };
}
