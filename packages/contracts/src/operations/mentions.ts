import { z } from "zod";
import { MentionHandles, MentionName } from "../content.ts";
import { idSchema } from "../ids.ts";
import { defineOperation } from "../operation.ts";
import { pageOf, pageQuery } from "../paging.ts";
import { MentionView } from "../views.ts";
import { ids, mention } from "./examples.ts";

const read = { kind: "caller", by: ["session", "key"], scope: "posts:read" } as const;
const write = { kind: "caller", by: ["session", "key"], scope: "posts:write" } as const;
const params = z.strictObject({ id: idSchema("mention") });

export const listMentions = defineOperation({
  id: "listMentions",
  method: "GET",
  path: "/api/mentions",
  summary: "List saved mentions",
  description: "People and companies to name in posts, newest first; query looks for part of a name.",
  tags: ["mentions"],
  auth: read,
  query: z.strictObject({ ...pageQuery, query: z.string().trim().min(1).max(200).optional() }),
  response: pageOf(MentionView),
  errors: [],
  example: { query: { query: "nord" }, response: { items: [mention], simulated: false } },
});

export const createMention = defineOperation({
  id: "createMention",
  method: "POST",
  path: "/api/mentions",
  summary: "Save a mention",
  description:
    "A person or company with the handle, or URN, it has on each platform. A post names it by its id and stands it where the text says @ and the name.",
  tags: ["mentions"],
  auth: write,
  body: z.strictObject({ name: MentionName, handles: MentionHandles }),
  response: MentionView,
  status: 201,
  errors: ["idempotency_conflict"],
  creates: { by: "http" },
  example: { body: { name: "Nordlys Coffee", handles: { bluesky: "nordlys.example" } }, response: mention },
});

export const updateMention = defineOperation({
  id: "updateMention",
  method: "PATCH",
  path: "/api/mentions/:id",
  summary: "Change a saved mention",
  description: "handles replaces all of them. Posts that were written before keep what they had.",
  tags: ["mentions"],
  auth: write,
  params,
  body: z.strictObject({ name: MentionName.optional(), handles: MentionHandles.optional() }),
  response: MentionView,
  errors: ["not_found"],
  example: { params: { id: ids.mention }, body: { handles: { bluesky: "nordlys.example" } }, response: mention },
});

export const deleteMention = defineOperation({
  id: "deleteMention",
  method: "DELETE",
  path: "/api/mentions/:id",
  summary: "Delete a saved mention",
  description: "Posts that were written before keep what they had.",
  tags: ["mentions"],
  auth: write,
  params,
  response: MentionView,
  errors: ["not_found"],
  example: { params: { id: ids.mention }, response: mention },
});
