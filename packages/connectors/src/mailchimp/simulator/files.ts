import { type Route, storeMedia } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { accountOf, api, route, success, textOf } from "./call.ts";
import type { StoredFile } from "./model.ts";
import { badField } from "./words.ts";
import type { World } from "./world.ts";

/** Fact sheet, "Content constraints". */
const maxBytes = 10 * 1024 * 1024;

const fileJson = ({ id, folder, name, media, url, createdAt, account }: StoredFile) => ({
  id: Number(id),
  folder_id: folder,
  type: media.mimeType.startsWith("image/") ? "image" : "file",
  name,
  full_size_url: url,
  thumbnail_url: url,
  size: media.sizeBytes,
  created_at: textOf(createdAt),
  created_by: account.person.name,
  width: media.width ?? 0,
  height: media.height ?? 0,
  _links: [],
});

export const fileRoutes: readonly Route<World>[] = [
  route("POST", api("file-manager/files"), {
    body: z.strictObject({ name: z.string().min(1), file_data: z.string().min(1), folder_id: z.int().optional() }),
    handle(call) {
      const { world, body, now } = call;
      const account = accountOf(call);
      if (!z.base64().safeParse(body.file_data).success) throw badField("file_data", "This is not base64");
      const bytes = Uint8Array.from(Buffer.from(body.file_data, "base64"));
      if (bytes.byteLength > maxBytes) throw badField("file_data", "The file is larger than 10 MB");
      const media = storeMedia(bytes);
      const url = `https://mcusercontent.com/${account.id}/images/${world.env.randomId()}/${encodeURIComponent(body.name)}`;
      const file: StoredFile = {
        id: String(world.newNumber()),
        account,
        name: body.name,
        folder: body.folder_id ?? 0,
        media,
        url,
        createdAt: now.getTime(),
      };
      return success(fileJson(world.files.put(file)));
    },
  }),
];
