import { secret } from "@postd/connector-kit";
import {
  fail,
  type NoticeChannelKind,
  type NotificationChannelView,
  ok,
  type Result,
  type ServiceError,
} from "@postd/contracts";
import type { NoticeChannelRecord } from "../../ports/notices-repo.ts";
import type { NoticesService } from "../../ports/notices-service.ts";
import type { Caller } from "../../ports/services.ts";
import type { NoticesDeps } from "./deps.ts";

/** Under which name a chat's address is in the vault. */
export const addressName = "address";
const mostChannels = 20;

type Verbs = Pick<NoticesService, "channels" | "addChannel" | "changeChannel" | "removeChannel" | "testChannel">;

/** Chats a workspace tells. Whoever has the address can write there, so it goes in and never comes out. */
export function channelVerbs(deps: NoticesDeps): Verbs {
  const of = ({ tenantId }: Caller) => deps.repo.forTenant(tenantId);
  const find = async (caller: Caller, id: NoticeChannelRecord["id"]) => of(caller).findChannel(id);
  return {
    channels: async (caller) => ok({ items: (await of(caller).channels()).map(channelView) }),

    async addChannel(caller, { kind, name, address, choices = {} }) {
      const read = readAddress(kind, address);
      if (!read.ok) return read;
      const id = deps.newId("noticeChannel");
      const place = { tenantId: caller.tenantId, ownerId: id };
      await deps.vault.put({ ...place, name: addressName }, secret(read.value.href));
      const facts = shownOf(read.value);
      const row = { id, kind, name, ...facts, choices, broken: undefined, createdBy: caller.actorId };
      if (!(await of(caller).addChannel(row, mostChannels))) {
        await deps.vault.remove(place);
        return fail({
          code: "conflict",
          detail: `A workspace tells ${mostChannels} chats at most.`,
          next: "Remove one that is not used any more.",
        });
      }
      return viewOf(await find(caller, id));
    },

    async changeChannel(caller, id, { name, address, choices }) {
      const channel = await find(caller, id);
      if (!channel) return fail(noChannel);
      const read = address === undefined ? undefined : readAddress(channel.kind, address);
      if (read && !read.ok) return read;
      if (read) {
        await deps.vault.put({ tenantId: caller.tenantId, ownerId: id, name: addressName }, secret(read.value.href));
        await settleBroken(deps, caller, id);
      }
      await of(caller).updateChannel(id, {
        ...(name === undefined ? {} : { name }),
        ...(choices === undefined ? {} : { choices }),
        ...(read ? { ...shownOf(read.value), broken: null } : {}),
      });
      return viewOf(await find(caller, id));
    },

    async removeChannel(caller, id) {
      if (!(await of(caller).removeChannel(id))) return fail(noChannel);
      await deps.vault.remove({ tenantId: caller.tenantId, ownerId: id });
      await settleBroken(deps, caller, id);
      return ok({ deleted: true });
    },

    async testChannel(caller, id) {
      const channel = await find(caller, id);
      if (!channel) return fail(noChannel);
      const address = await deps.vault.open({ tenantId: caller.tenantId, ownerId: id, name: addressName });
      if (!address) return fail(noAddress);
      const sent = await deps.chat.send(channel.kind, address, {
        title: "POSTD can write here",
        text: "This is a test. What your workspace is to know comes here as well, as you chose.",
        link: { label: "Open POSTD", url: `${deps.publicUrl}/` },
      });
      if (!sent.ok)
        return fail({
          code: sent.error.again ? "platform_unavailable" : "platform_refused",
          detail: sent.error.message,
          next: sent.error.again
            ? "Try again in a moment."
            : "Make a new webhook in the chat, and give its address here.",
        });
      await of(caller).updateChannel(id, { broken: null });
      await settleBroken(deps, caller, id);
      return viewOf(await find(caller, id));
    },
  };
}

const settleBroken = ({ notices }: NoticesDeps, { tenantId }: Caller, id: string) =>
  notices.settle({ tenantId, dedupeKey: brokenKey(id) });
export const brokenKey = (id: string): string => `channel_broken:${id}`;

/**
 * Hosts and paths of incoming webhooks.
 * @source https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, Discord's "Execute webhook" (2026-11)
 */
const shapes: Readonly<
  Record<NoticeChannelKind, { readonly hosts: readonly string[]; readonly path: RegExp; readonly like: string }>
> = {
  slack: {
    hosts: ["hooks.slack.com"],
    path: /^\/(services|triggers|workflows)\/[\w/-]{10,300}$/,
    like: "https://hooks.slack.com/services/T.../B.../...",
  },
  discord: {
    hosts: ["discord.com", "discordapp.com"],
    path: /^\/api(\/v\d+)?\/webhooks\/\d{1,25}\/[\w-]{10,200}$/,
    like: "https://discord.com/api/webhooks/.../...",
  },
};

/** Hosts that chats are reached at, and no others. */
export const chatHosts = (kind: NoticeChannelKind): readonly string[] => shapes[kind].hosts;

function readAddress(kind: NoticeChannelKind, text: string): Result<URL, ServiceError> {
  const { hosts, path, like } = shapes[kind];
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isRight =
    url?.protocol === "https:" &&
    hosts.includes(url.hostname) &&
    url.port === "" &&
    url.username === "" &&
    url.password === "" &&
    url.search === "" &&
    url.hash === "" &&
    path.test(url.pathname);
  if (url && isRight) return ok(url);
  return fail({
    code: "invalid_input",
    field: "address",
    detail: `This is not the address of an incoming webhook of ${kind === "slack" ? "Slack" : "Discord"}.`,
    next: `Copy it from the chat's settings; it looks like ${like}`,
  });
}

const shownOf = (url: URL) => ({ host: url.hostname, lastCharacters: url.pathname.slice(-4) });

function viewOf(channel: NoticeChannelRecord | undefined): Result<NotificationChannelView, ServiceError> {
  return channel ? ok(channelView(channel)) : fail(noChannel);
}

const channelView = (channel: NoticeChannelRecord): NotificationChannelView => ({
  id: channel.id,
  kind: channel.kind,
  name: channel.name,
  host: channel.host,
  lastCharacters: channel.lastCharacters,
  choices: { ...channel.choices },
  ...(channel.broken && { broken: { ...channel.broken } }),
  createdAt: channel.createdAt.toISOString(),
  updatedAt: channel.updatedAt.toISOString(),
});

const noChannel: ServiceError = { code: "not_found", detail: "There is no such chat." };
const noAddress: ServiceError = {
  code: "platform_refused",
  detail: "The address of this chat is gone.",
  next: "Give it again.",
};
