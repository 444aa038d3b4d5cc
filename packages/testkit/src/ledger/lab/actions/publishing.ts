import type { PostInput, PublishRequest } from "@postd/contracts";
import { brokenText, formats, listOnly } from "../connector.ts";
import type { Lab, Request } from "../lab.ts";
import type { Random } from "../random.ts";
import { ask, nameOf, whenOf } from "./asking.ts";

const texts = ["hello", "hello", "hello", "good news", brokenText] as const;

export async function publish(lab: Lab, random: Random): Promise<void> {
  const account = random.pick(lab.accounts);
  const scheduledFor = whenOf(lab, random);
  const format = random.pick([...formats, "boxed", "plain"] as const);
  const native = format === "plain" && scheduledFor !== undefined && random.chance(0.6);
  const key = random.chance(0.4) ? random.pick(["k1", "k2", "k3"]) : undefined;
  const input: PublishRequest = {
    connectionId: account.connectionId,
    payload: {
      content: random.pick(texts),
      format,
      ...(scheduledFor ? { scheduledFor } : {}),
      ...(native ? { nativeSchedule: true } : {}),
      ...(random.chance(0.2) ? { repost: true } : {}),
    },
  };
  const request: Request = { account, input, key };
  lab.requests.push(request);
  const times = random.chance(0.2) ? 2 : 1;
  for (let time = 0; time < times; time += 1) await send(lab, random, request);
}

/** The same request, word for word, as after a lost answer. */
export async function publishAgain(lab: Lab, random: Random): Promise<void> {
  const keyed = lab.requests.filter(({ key }) => key !== undefined);
  const from = keyed.length > 0 && random.chance(0.6) ? keyed : lab.requests.slice(-4);
  if (from.length > 0) await send(lab, random, random.pick(from));
}

/** The same words to the same page, by another sign-in or in another workspace. */
export async function publishElsewhere(lab: Lab, random: Random): Promise<void> {
  const named = lab.requests.filter(({ input }) => listOnly.has(input.payload.format ?? ""));
  const request = named.at(-1);
  if (!request) return;
  const { account, input } = request;
  const others = lab.accounts.filter((one) => one !== account && one.externalId === account.externalId);
  const other = others.length > 0 ? random.pick(others) : undefined;
  if (!other) return;
  const again: Request = { account: other, input: { ...input, connectionId: other.connectionId }, key: undefined };
  lab.requests.push(again);
  await send(lab, random, again);
}

export async function send(lab: Lab, random: Random, { account, input, key }: Request): Promise<void> {
  const { content, format, nativeSchedule, scheduledFor } = input.payload;
  const how = `${key ? ` key ${key}` : ""}${nativeSchedule ? " native" : ""}${scheduledFor ? ` at ${scheduledFor.slice(11, 19)}` : ""}`;
  await ask(
    lab,
    random,
    `publish ${format} "${content}" to ${nameOf(lab, account)}${how}`,
    () => lab.service.publish(account.caller, input, key),
    ({ replayed }) => (replayed ? "replayed" : "taken"),
  );
}

export async function createPost(lab: Lab, random: Random): Promise<void> {
  const caller = random.pick(lab.accounts).caller;
  const own = lab.accounts.filter(({ tenantId }) => tenantId === caller.tenantId);
  const targets = own.filter(() => random.chance(0.7)).map(({ connectionId }) => ({ connectionId }));
  const first = own[0];
  if (targets.length === 0 && first) targets.push({ connectionId: first.connectionId });
  const scheduledFor = whenOf(lab, random);
  const input: PostInput = {
    content: random.pick(texts),
    format: random.pick(formats),
    targets,
    mode: random.pick(["publish", "publish", "draft", "ask"] as const),
    ...(scheduledFor ? { scheduledFor } : {}),
  };
  await ask(lab, random, `post ${input.format} "${input.content}" ${input.mode}`, () =>
    lab.service.createPost(caller, input),
  );
}
