import type { LinkPreview, LinkReader, LinkTrouble } from "@postd/connector-kit";
import { fail, ok, type Result } from "@postd/contracts";
import { fileTypeFromBuffer } from "file-type";
import type { FairPool } from "../blob/fair-pool.ts";
import { shrinkPicture } from "../blob/shrink-picture.ts";
import type { Egress } from "../egress/egress.ts";
import { pageFacts } from "./page-facts.ts";

/** Pages say what they are in their head; what lies behind is not read. */
const PAGE_BYTES = 2 * 1024 * 1024;
const TIMEOUT_MS = 8000;
/** A picture that is larger than a platform takes is read up to this, and made smaller. */
const PICTURE_BYTES = 5 * 1024 * 1024;
/** All pages' pictures take one turn, beside those of each workspace. */
const linksShare = "links";
const pictureTypes = new Set(["image/jpeg", "image/png", "image/webp"]);

type Fetched = Awaited<ReturnType<Egress["fetchPublic"]>>;

/**
 * Reads pages for link cards through egress: public addresses only, 2 MB and 8 seconds at most. `mappedOnly`: nothing
 * but hosts the operator or the simulators have mapped, as for simulated connections.
 */
export function createLinkReader(
  egress: Pick<Egress, "fetchPublic">,
  { mappedOnly, pictures }: { readonly mappedOnly: boolean; readonly pictures: Pick<FairPool, "run"> },
): LinkReader {
  // How much is read is counted here: a page is cut where a file would be refused.
  const fetched = (url: string, accept: string): Promise<Fetched> =>
    egress.fetchPublic(url, { maxBytes: Number.MAX_SAFE_INTEGER, timeoutMs: TIMEOUT_MS, mappedOnly, accept });
  return {
    async read(url) {
      const page = await fetched(url, "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5");
      if (!page.ok) return trouble(page.error);
      const { contentType, from, body } = page.value;
      const bytes = await upTo(PAGE_BYTES, body);
      if (!bytes) return brokenOff(url);
      try {
        return ok(previewOf(url, { bytes, contentType, from }));
      } catch {
        // Whatever a hostile page does to a parser, it costs the card and nothing else.
        return fail({ code: "unsupported", message: `What ${new URL(url).hostname} answers cannot be read.` });
      }
    },
    async image(url, { maxBytes }) {
      const picture = await fetched(url, "image/jpeg,image/png,image/webp;q=0.9");
      if (!picture.ok) return trouble(picture.error);
      const readMost = Math.max(maxBytes, PICTURE_BYTES);
      const bytes = await upTo(readMost + 1, picture.value.body);
      if (!bytes) return brokenOff(url);
      const mimeType = (await fileTypeFromBuffer(bytes))?.mime ?? "";
      if (!pictureTypes.has(mimeType))
        return fail({ code: "unsupported", message: "The page's picture is not a JPEG, PNG or WebP." });
      if (bytes.length <= maxBytes) return ok({ bytes, mimeType });
      const isWhole = bytes.length <= readMost;
      const small = isWhole && (await pictures.run(linksShare, () => shrinkPicture(bytes, maxBytes)));
      return small
        ? ok({ bytes: small, mimeType: "image/jpeg" })
        : fail({
            code: "too_large",
            message: `The page's picture is larger than ${maxBytes} bytes, whatever is tried.`,
          });
    },
  };
}

function previewOf(
  url: string,
  page: { readonly bytes: Uint8Array; readonly contentType: string; readonly from: string },
): LinkPreview {
  const host = new URL(url).host;
  const type = page.contentType.split(";")[0]?.trim().toLowerCase() ?? "";
  if (pictureTypes.has(type)) return { url, title: host, imageUrl: url };
  const isPage = type === "text/html" || type === "application/xhtml+xml" || /^\s*</.test(startOf(page.bytes));
  return { url, title: host, ...(isPage && pageFacts(page)) };
}

const startOf = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes.subarray(0, 64));

/** The first bytes of a body; the rest is not fetched. Undefined: it broke off or took too long. */
async function upTo(maxBytes: number, body: AsyncIterable<Uint8Array>): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk.subarray(0, maxBytes - size));
      size += chunk.length;
      if (size >= maxBytes) break;
    }
  } catch {
    return undefined; // said by the caller; the cause lies at the other end
  }
  return Buffer.concat(chunks);
}

function trouble({ code, message }: LinkTrouble): Result<never, LinkTrouble> {
  return fail({ code, message });
}

const brokenOff = (url: string) =>
  fail({ code: "unavailable" as const, message: `${new URL(url).hostname} did not answer whole and in time.` });
