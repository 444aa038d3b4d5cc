import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { secret } from "@postd/connector-kit";
import { createLogMail } from "./log-mail.ts";
import { createSmtpMail } from "./smtp-mail.ts";

const mail = {
  about: "account",
  to: "ida@example.com",
  subject: "Reset",
  text: "https://postd.example/reset/t0ken",
} as const;
function recorder() {
  const lines: string[] = [];
  const write = (fields: object, message: string) => void lines.push(JSON.stringify({ ...fields, message }));
  return { lines, log: { info: write, warn: write } };
}

/** The few words of SMTP (RFC 5321) a sender needs to hand over one mail. */
async function smtpServer() {
  const received: string[] = [];
  const server = createServer((socket) => {
    socket.write("220 test\r\n");
    let inData = false;
    socket.on("data", (chunk) => {
      const text = chunk.toString();
      received.push(text);
      if (inData) {
        if (!text.includes("\r\n.\r\n")) return;
        inData = false;
        socket.write("250 kept\r\n");
      } else if (text.startsWith("DATA")) {
        inData = true;
        socket.write("354 go on\r\n");
      } else if (text.startsWith("QUIT")) socket.end("221 bye\r\n");
      else socket.write("250 ok\r\n");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { received, server, port: (server.address() as AddressInfo).port };
}

test("a mail reaches the server with its text, and nothing of it is logged", async () => {
  const { received, server, port } = await smtpServer();
  const { lines, log } = recorder();
  const sent = await createSmtpMail({ url: secret(`smtp://127.0.0.1:${port}`), from: "p@example.com" }, log).send(mail);
  server.close();
  assert.equal(sent, true);
  assert.ok(received.join("").includes("t0ken"));
  assert.deepEqual(lines, []);
});

test("a mail server that cannot be reached is a warning without the text, never a throw", async () => {
  const { lines, log } = recorder();
  const sent = await createSmtpMail({ url: secret("smtp://u:hunter2@127.0.0.1:1"), from: "p@example.com" }, log).send(
    mail,
  );
  assert.equal(sent, false);
  assert.equal(lines.length, 1);
  assert.ok(!lines.join("").includes("t0ken") && !lines.join("").includes("hunter2"));
});

test("without a mail server the link is in the operator's log, and in production in no log", async () => {
  const { lines, log } = recorder();
  assert.equal(await createLogMail(log, { showsText: true }).send(mail), false);
  assert.ok(lines.join("").includes("t0ken"));
  const production = recorder();
  assert.equal(await createLogMail(production.log, { showsText: false }).send(mail), false);
  assert.equal(production.lines.length, 1);
  assert.ok(!/t0ken|ida@example/.test(production.lines.join("")));
});
