import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export interface ReceivedMail {
  readonly to: string;
  readonly subject: string;
  readonly messageId: string;
  /** Every part, decoded. */
  readonly text: string;
  /** Addresses in it, each once. */
  readonly links: readonly string[];
}

/** A mail server that takes everything: the few words of SMTP (RFC 5321) that a sender needs. */
export async function openMailbox() {
  const mails: ReceivedMail[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    socket.write("220 test\r\n");
    let buffer = "";
    let inData = false;
    socket.on("data", (chunk) => {
      buffer += chunk.toString("utf8");
      for (;;) {
        const end = buffer.indexOf(inData ? "\r\n.\r\n" : "\r\n");
        if (end < 0) return;
        const said = buffer.slice(0, end);
        buffer = buffer.slice(end + (inData ? 5 : 2));
        if (inData) {
          inData = false;
          mails.push(read(said));
          socket.write("250 kept\r\n");
        } else if (said.toUpperCase() === "DATA") {
          inData = true;
          socket.write("354 go on\r\n");
        } else if (said.toUpperCase() === "QUIT") socket.end("221 bye\r\n");
        else socket.write("250 ok\r\n");
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails,
    /** The mail that arrives, or has arrived. */
    async mailTo(to: string, subject: RegExp): Promise<ReceivedMail> {
      for (let looks = 0; looks < 300; looks += 1) {
        const found = mails.findLast((mail) => mail.to === to && subject.test(mail.subject));
        if (found) return found;
        await delay(50);
      }
      throw new Error(
        `no mail like ${subject} reached ${to}; there are: ${mails.map((mail) => mail.subject).join(", ")}`,
      );
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function read(raw: string): ReceivedMail {
  const at = raw.indexOf("\r\n\r\n");
  const head = raw.slice(0, at).replace(/\r\n[ \t]+/g, " ");
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "im").exec(head)?.[1]?.trim() ?? "";
  const boundary = /boundary="([^"]+)"/.exec(head)?.[1];
  const parts = boundary === undefined ? [raw] : raw.split(`--${boundary}`).slice(1);
  const text = parts.map(decoded).join("\n");
  const found = text.match(/https?:\/\/[^\s"'<>]+/g) ?? [];
  const links = [...new Set(found.map((link) => link.replaceAll("&amp;", "&")))];
  return { to: field("To"), subject: field("Subject"), messageId: field("Message-ID"), text, links };
}

/** A part without its head; quoted-printable (RFC 2045 section 6.7) is how long lines travel. */
function decoded(part: string): string {
  const at = part.indexOf("\r\n\r\n");
  const [head, text] = [part.slice(0, at), part.slice(at + 4)];
  if (!/quoted-printable/i.test(head)) return text;
  const bytes = text
    .replace(/=\r\n/g, "")
    .replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** Slack's and Discord's side of incoming webhooks: what was said, and what is answered next. */
export async function openChat() {
  const said: { readonly path: string; readonly body: { readonly text?: string; readonly content?: string } }[] = [];
  let refusals: { readonly status: number; readonly text: string }[] = [];
  const server = createHttpServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const refusal = refusals.shift();
    if (!refusal) said.push({ path: request.url ?? "", body: JSON.parse(Buffer.concat(chunks).toString("utf8")) });
    response.writeHead(refusal?.status ?? 200).end(refusal?.text ?? "ok");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    said,
    refuse: (...next: typeof refusals) => {
      refusals = next;
    },
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
