import { type ConnectorRegistry, createOwnerLinksService, type NoticesDeps, newId } from "@postd/core";
import { createWebhookChat } from "../adapters/chat/webhook-chat.ts";
import { createNotices, createNoticesRepo } from "../adapters/postgres/notices-repo.ts";
import type { buildConnections } from "./build-connections.ts";
import type { buildPeople } from "./build-people.ts";
import type { buildStorage } from "./build-storage.ts";
import type { OpenParts } from "./open-parts.ts";

interface NoticeParts {
  readonly open: OpenParts;
  readonly registry: ConnectorRegistry;
  readonly storage: Awaited<ReturnType<typeof buildStorage>>;
  readonly people: ReturnType<typeof buildPeople>;
  readonly connections: ReturnType<typeof buildConnections>;
}

/** What telling people is made of, for the API and for the worker. Opens and holds nothing. */
export function buildNotices({ open, registry, storage, people, connections }: NoticeParts): NoticesDeps {
  const { app, system, egress, clock, log } = open;
  return {
    repo: createNoticesRepo(app.db, system.db),
    notices: createNotices(app.db),
    vault: storage.vault,
    chat: createWebhookChat({ egress, clock }),
    mail: people.mail,
    mailed: people.hasMail,
    links: createOwnerLinksService(connections.deps),
    clock,
    log,
    newId,
    platformName: (id) => registry.get(id)?.name ?? id,
    publicUrl: connections.deps.publicUrl,
  };
}
