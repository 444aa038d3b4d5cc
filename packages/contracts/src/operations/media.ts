import { z } from "zod";
import { idSchema } from "../ids.ts";
import { defineOperation } from "../operation.ts";
import { MediaView } from "../views.ts";
import { ids, media } from "./examples.ts";

const mediaParam = z.strictObject({ id: idSchema("media") });
const AltText = z.string().max(5_000);

export const createMedia = defineOperation({
  id: "createMedia",
  method: "POST",
  path: "/api/media",
  summary: "Add a file",
  description:
    "multipart/form-data with one part named file (and altText before it, if any), or JSON with the address to fetch it from. The kind is told by the bytes, not by the name.",
  tags: ["media"],
  auth: { kind: "caller", by: ["session", "key"], scope: "media:write" },
  body: z.strictObject({ url: z.url({ protocol: /^https?$/ }).max(2_000), altText: AltText.optional() }),
  bodyKind: "upload",
  response: MediaView,
  status: 201,
  errors: ["payload_too_large", "unsupported_media", "idempotency_conflict", "platform_unavailable"],
  creates: { by: "http" },
  example: { body: { url: "https://example.com/beans.jpg", altText: "Two cups on a wooden table" }, response: media },
});

export const getMedia = defineOperation({
  id: "getMedia",
  method: "GET",
  path: "/api/media/:id",
  summary: "One file",
  description: "What it is; the bytes are not in this answer.",
  tags: ["media"],
  auth: { kind: "caller", by: ["session", "key"], scope: "media:read" },
  params: mediaParam,
  response: MediaView,
  errors: ["not_found"],
  example: { params: { id: ids.media }, response: media },
});

export const deleteMedia = defineOperation({
  id: "deleteMedia",
  method: "DELETE",
  path: "/api/media/:id",
  summary: "Delete a file",
  description: "A file that a planned post needs cannot be deleted.",
  tags: ["media"],
  auth: { kind: "caller", by: ["session", "key"], scope: "media:write" },
  params: mediaParam,
  response: MediaView,
  errors: ["not_found", "state_conflict"],
  example: { params: { id: ids.media }, response: media },
});
