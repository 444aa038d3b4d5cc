import assert from "node:assert/strict";
import { test } from "node:test";
import { asId } from "@postd/contracts";
import type { MediaInfo } from "./context.ts";
import { formatByMedia } from "./format-by-media.ts";

const file = (kind: MediaInfo["kind"]): MediaInfo => ({
  id: asId("media", "med_1"),
  kind,
  mimeType: "",
  sizeBytes: 1,
  sha256: "",
});
const all = { text: "t", link: "l", image: "i", images: "ii", video: "v", videos: "vv", document: "d", mixed: "m" };
const of = (formats: Parameters<typeof formatByMedia>[0], kinds: readonly MediaInfo["kind"][], url?: string) =>
  formatByMedia(formats)({ media: kinds.map(file), ...(url !== undefined && { link: { url } }) });

test("the format follows from number and kind of media, and a link counts where there are none", () => {
  assert.deepEqual(
    [of(all, []), of(all, [], "https://x.example"), of(all, ["image"], "https://x.example")],
    ["t", "l", "i"],
  );
  assert.deepEqual(
    [of(all, ["gif"]), of(all, ["image", "gif"]), of(all, ["video"]), of(all, ["video", "video"])],
    ["i", "ii", "v", "vv"],
  );
  assert.deepEqual([of(all, ["document"]), of(all, ["image", "video"])], ["d", "m"]);
});

test("what no format takes gets none, and a link without a format of its own is text", () => {
  assert.deepEqual([of(all, ["document", "document"]), of(all, ["document", "image"])], [undefined, undefined]);
  assert.deepEqual([of({ text: "t" }, ["video"]), of({ text: "t" }, [], "https://x.example")], [undefined, "t"]);
});
