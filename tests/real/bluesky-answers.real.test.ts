import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createSimulatorHost, type SimulatorHost } from "@postd/connector-kit/simulator";
import { simulatorDefinitions } from "@postd/connectors/simulators";
import { z } from "zod";
import { type Asked, askAll, type Told } from "./ask-alike.ts";
import { requests } from "./bluesky-requests.ts";
import { installRealServers } from "./install.ts";
import { pdsHost, startPds } from "./pds.ts";

/** Why the simulator answers something else, by the title of the request. One that no request needs fails the test. */
const strict = "a field the platform ignores in silence is a mistake of the client all the same";
const noAppView = "a PDS passes it on to the AppView, and there is none beside this one";
const differences: Readonly<Record<string, string>> = {
  "createSession: more fields": strict,
  "createRecord: a field the method lacks": strict,
  "createRecord: a field the record lacks": strict,
  describeServer: "settings of Bluesky's own servers",
  "getRecord: nobody": noAppView,
  "getRecord: deactivated": noAppView,
  "getRecord: taken down": noAppView,
};

const undo: (() => Promise<unknown>)[] = [];
let real: ReadonlyMap<string, Told>;
let simulated: ReadonlyMap<string, Told>;

before(async () => {
  await installRealServers();
  const pds = await startPds();
  undo.push(pds.stop);
  const [ida, jonas] = [await pds.createAccount("ida"), await pds.createAccount("jonas")];
  real = await askAll(
    {
      url: (path) => pds.url + path,
      account: { ...ida, password: ida.appPassword, host: pdsHost, neighbour: jonas.did },
      setState: (state) => pds.setState(ida, state),
    },
    requests,
  );
  const host = await createSimulatorHost({ definitions: simulatorDefinitions, port: 0 });
  undo.push(() => host.close());
  simulated = await askAll(await simulatedAccount(host), requests);
});
after(async () => {
  for (const step of undo.reverse()) await step();
});

const Extra = z.object({ appPassword: z.string(), pds: z.url() });

async function simulatedAccount(host: SimulatorHost): Promise<Asked> {
  const { simulator } = host.simulator("bluesky");
  const [ida, jonas] = [simulator.createAccount({ name: "Ida" }), simulator.createAccount({ name: "Jonas" })];
  const { appPassword, pds } = Extra.parse(ida.extra);
  const pdsName = new URL(pds).host;
  // Nobody has confirmed an address at the real one either.
  await simulator.act?.("confirmEmail", { account: ida.id, confirmed: false });
  return {
    url: (path: string) => `${host.url}/${pdsName}${path}`,
    account: { did: ida.id, handle: ida.handle ?? "", password: appPassword, host: pdsName, neighbour: jonas.id },
    async setState(state) {
      if (state === "revoked") await simulator.act?.("revokeAppPasswords", { account: ida.id });
      else await simulator.act?.("setStatus", { account: ida.id, status: state });
    },
  };
}

test("the simulator answers as a real PDS does, but for what is listed with its reason", () => {
  const found = requests.filter(
    ({ title }) => JSON.stringify(real.get(title)) !== JSON.stringify(simulated.get(title)),
  );
  const unexplained = found.filter(({ title }) => differences[title] === undefined);
  assert.deepEqual(
    unexplained.map(({ title }) => ({ title, real: real.get(title), simulated: simulated.get(title) })),
    [],
  );
  const needless = Object.keys(differences).filter((title) => !found.some((one) => one.title === title));
  assert.deepEqual(needless, [], "listed, and no longer different");
  console.log(`${requests.length} requests, ${found.length} answered otherwise, each with a reason`);
});

test("every request has a name of its own", () => {
  assert.equal(new Set(requests.map(({ title }) => title)).size, requests.length);
});
