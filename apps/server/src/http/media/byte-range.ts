import type { ByteRange } from "@postd/connector-kit";

interface Asked {
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
}

/**
 * The part of a file a request asks for. `whole`: all of it, as where the header is none of ours, names several parts, or
 * is meant for another state of the file; `none`: the part lies behind the end. Only a strong tag is compared: files have
 * no time of change.
 * @source RFC 9110 sections 13.1.5, 14.1.2, 14.2
 */
export function askedRange({ range, ifRange }: Asked, sizeBytes: number, etag: string): ByteRange | "whole" | "none" {
  const [, first, last] = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(range ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return "whole";
  if (ifRange !== undefined && ifRange !== etag) return "whole";
  if (first === "") {
    const tail = Math.min(Number(last), sizeBytes);
    return tail === 0 ? "none" : { from: sizeBytes - tail, to: sizeBytes };
  }
  const from = Number(first);
  if (last !== "" && Number(last) < from) return "whole";
  if (from >= sizeBytes) return "none";
  return { from, to: last === "" ? sizeBytes : Math.min(Number(last) + 1, sizeBytes) };
}
