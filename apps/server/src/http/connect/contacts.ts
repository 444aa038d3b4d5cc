import { operationsById as op } from "@postd/contracts";
import { answer, defined, route, same } from "../handler.ts";

export const contactRoutes = [
  route(op.findContacts, async ({ deps, caller, params, query }) =>
    answer(await deps.services.connections.contacts.find(caller(), params.id, defined(query)), same),
  ),
  route(op.saveContact, async ({ deps, caller, params, body }) =>
    answer(await deps.services.connections.contacts.save(caller(), params.id, defined(body)), same),
  ),
  route(op.saveContacts, async ({ deps, caller, params, body }) => {
    const { list, contacts } = body;
    const input = { ...defined({ list }), contacts: contacts.map((contact) => defined(contact)) };
    return answer(await deps.services.connections.contacts.saveMany(caller(), params.id, input), same);
  }),
  route(op.tagContact, async ({ deps, caller, params, body }) =>
    answer(await deps.services.connections.contacts.tag(caller(), params.id, body), same),
  ),
  route(op.archiveContact, async ({ deps, caller, params, body }) =>
    answer(await deps.services.connections.contacts.archive(caller(), params.id, body), same),
  ),
];
