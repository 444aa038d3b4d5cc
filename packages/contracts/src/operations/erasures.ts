import { z } from "zod";
import { idSchema } from "../ids.ts";
import { defineOperation } from "../operation.ts";
import { ErasureView } from "../views.ts";
import { at, ids, later } from "./examples.ts";

/** Whoever erased their only workspace belongs to none any more. */
const person = { kind: "caller", by: ["session"], tenantless: true } as const;
const erasureParam = z.strictObject({ id: idSchema("erasure") });

const erasure = { id: ids.erasure, tenantId: ids.tenant, stage: "accounts", requestedAt: at } as const;
const report = {
  ...erasure,
  stage: "done",
  finishedAt: later,
  report: {
    accounts: [{ platform: "facebook", withdrawn: 1, notWithdrawn: { shared: 1 } }],
    files: 12,
    rows: { connections: 2, posts: 40, publish_jobs: 60 },
    rowsLeft: 0,
  },
} as const;

export const eraseTenant = defineOperation({
  id: "eraseTenant",
  method: "DELETE",
  path: "/api/tenants/:id",
  summary: "Erase a workspace",
  description:
    "For an owner, who sends the name of the workspace as confirm. From the answer on nobody works in it. POSTD looks for a minute at most whether what was just sent is live, withdraws the sign-ins at the platforms, ends their subscriptions, removes every file, and then every row with the key that opens its secrets. Nothing brings it back; posts that are live stay live. Backups the operator made before keep what they hold for as long as they are kept.",
  tags: ["people"],
  auth: person,
  params: z.strictObject({ id: idSchema("tenant") }),
  body: z.strictObject({ confirm: z.string().max(200) }),
  response: ErasureView,
  status: 202,
  errors: ["not_found", "forbidden"],
  example: { params: { id: ids.tenant }, body: { confirm: "Nordlys" }, response: erasure },
});

export const listErasures = defineOperation({
  id: "listErasures",
  method: "GET",
  path: "/api/erasures",
  summary: "Workspaces you had erased",
  description:
    "The newest 200. An operator sees everybody's, with the reports. They hold ids and counts and nothing else.",
  tags: ["people"],
  auth: person,
  response: z.object({ items: z.array(ErasureView) }),
  errors: [],
  example: { response: { items: [erasure] } },
});

export const getErasure = defineOperation({
  id: "getErasure",
  method: "GET",
  path: "/api/erasures/:id",
  summary: "How far an erasure is",
  description: "For whoever asked for it, and operators.",
  tags: ["people"],
  auth: person,
  params: erasureParam,
  response: ErasureView,
  errors: ["not_found"],
  example: { params: { id: ids.erasure }, response: erasure },
});

export const takeErasureReport = defineOperation({
  id: "takeErasureReport",
  method: "POST",
  path: "/api/erasures/:id/report",
  summary: "Take the report of an erasure",
  description:
    "What was removed: accounts by platform with what the platforms said, files, rows by table. Given once to whoever asked for it; operators see it in GET /api/erasures.",
  tags: ["people"],
  auth: person,
  params: erasureParam,
  response: ErasureView,
  errors: ["not_found", "state_conflict", "expired"],
  example: { params: { id: ids.erasure }, response: report },
});
