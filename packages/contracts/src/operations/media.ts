import { z } from "zod";
import { idSchema } from "../ids.ts";
import { defineOperation } from "../operation.ts";
import { MediaSettings, MediaView } from "../views.ts";
import { ids, media } from "./examples.ts";

const mediaParam = z.strictObject({ id: idSchema("media") });
const AltText = z.string().max(5_000);

export const createMedia = defineOperation({
  id: "createMedia",
  method: "POST",
  path: "/api/media",
  summary: "Add a file",
  description:
    "multipart/form-data with one part named file and, in any order, altText, or JSON with the address to fetch it from. The kind is told by the bytes, not by the name. Place, time, names and everything else that is not shown is taken out and turned pictures are set upright: size, hash and measures are those of the file that goes out.",
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
  description:
    "What it is; the bytes are not in this answer. Where the original was kept, originalUrl opens it for some hours.",
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

export const getMediaSettings = defineOperation({
  id: "getMediaSettings",
  method: "GET",
  path: "/api/media/settings",
  summary: "How files are kept",
  description: "Whether this tenant keeps files as they came, beside how they go out.",
  tags: ["media"],
  auth: { kind: "caller", by: ["session", "key"], scope: "media:read" },
  response: MediaSettings,
  errors: [],
  example: { response: { keepOriginals: false } },
});

export const updateMediaSettings = defineOperation({
  id: "updateMediaSettings",
  method: "PATCH",
  path: "/api/media/settings",
  summary: "Change how files are kept",
  description:
    "keepOriginals keeps every file from now on as it came too, with the place and time a camera wrote into it. Originals are never published; members of the tenant can open them.",
  tags: ["media"],
  auth: { kind: "caller", by: ["session"], scope: "members:write" },
  body: z.strictObject({ keepOriginals: z.boolean() }),
  response: MediaSettings,
  errors: [],
  example: { body: { keepOriginals: true }, response: { keepOriginals: true } },
});
