import type { LinkReader, LinkTrouble } from "@postd/connector-kit";
import { fail, ok, type ServiceError } from "@postd/contracts";
import type { LinksService } from "../../ports/services.ts";

/** Shows what a card of a page would say, before anything is posted. Nothing is stored. */
export function createLinksService(deps: { readonly reader: LinkReader }): LinksService {
  return {
    async preview(_caller, { url }) {
      const page = await deps.reader.read(url);
      return page.ok ? ok(page.value) : fail(refusalOf(page.error));
    },
  };
}

/** What people are told when a page cannot be read. */
function refusalOf({ code, message }: LinkTrouble): ServiceError {
  const said = { field: "url", detail: message };
  if (code === "unavailable")
    return {
      ...said,
      code: "platform_unavailable",
      actor: "you",
      next: "Try again later, or write the card yourself.",
    };
  return { ...said, code: "invalid_input", next: "Use a public https address, or write the card yourself." };
}
