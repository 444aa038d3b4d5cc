import type { AccountPermissions, AccountRef } from "@postd/connector-kit";
import { z } from "zod";

const Tasks = z.object({ tasks: z.array(z.string()) });
const POSTING = "CREATE_CONTENT";

/** Tasks a person has on a Page, also for what is linked to it; Instagram's own sign-in knows none. @source platforms/meta.md section 4 */
export function pagePermissions({ extras }: Pick<AccountRef, "extras">): AccountPermissions | undefined {
  const told = Tasks.safeParse(extras);
  if (!told.success) return undefined;
  const { tasks } = told.data;
  const message =
    "Your role on this Page does not allow posting. Ask its owner for the content task, then sign in again.";
  return {
    granted: tasks,
    missing: tasks.includes(POSTING) ? [] : [{ name: POSTING, facet: "publishing", message }],
  };
}
