/**
 * A Bluesky account server (PDS) with an identity directory of its own, as a child process: it says `{ url, plcUrl, adminPassword }` when
 * it is ready and ends with its parent. It believes to be at https://pds.postd.test, as its accounts' documents say. Plain JavaScript, because the packages it needs are not part of POSTD's installation and
 * so have no types there.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { envToCfg, envToSecrets, PDS } from "@atproto/pds";
import { Database, PlcServer } from "@did-plc/server";

const folder = mkdtempSync(path.join(tmpdir(), "postd-pds-"));
const hex = (bytes) => randomBytes(bytes).toString("hex");
const plcPort = await freePort();
const plc = PlcServer.create({ db: Database.mock(), port: plcPort });
await plc.start();

const port = await freePort();
const env = {
  devMode: true,
  port,
  hostname: "pds.postd.test",
  dataDirectory: folder,
  blobstoreDiskLocation: path.join(folder, "blobs"),
  didPlcUrl: `http://127.0.0.1:${plcPort}`,
  plcRotationKeyK256PrivateKeyHex: hex(32),
  dpopSecret: hex(32),
  jwtSecret: hex(16),
  adminPassword: hex(16),
  inviteRequired: false,
  disableSsrfProtection: true,
  serviceHandleDomains: [".test"],
  // There is no AppView; calls that need one are refused at once.
  bskyAppViewUrl: "http://127.0.0.1:9",
  bskyAppViewDid: "did:example:invalid",
  rateLimitsEnabled: false,
  crawlers: [],
};
const pds = await PDS.create(envToCfg(env), envToSecrets(env));
await pds.start();

process.once("disconnect", stop);
process.once("SIGTERM", stop);
process.send({
  adminPassword: env.adminPassword,
  url: `http://127.0.0.1:${port}`,
  plcUrl: `http://127.0.0.1:${plcPort}`,
});

async function stop() {
  await pds.destroy();
  await plc.destroy();
  rmSync(folder, { recursive: true, force: true });
  if (process.connected) process.disconnect();
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", reject);
    probe.listen({ host: "127.0.0.1", port: 0 }, () => {
      const { port: free } = probe.address();
      probe.close(() => resolve(free));
    });
  });
}
