import { z } from "zod";
import { idSchema } from "../ids.ts";
import { defineOperation } from "../operation.ts";
import { ContactView } from "../views.ts";
import { ids } from "./examples.ts";

/** Addresses of people are nobody's to read who may not connect accounts. */
const auth = { kind: "caller", by: ["session", "key"], scope: "connections:write" } as const;
const params = z.strictObject({ id: idSchema("connection") });
const errors = [
  "not_found",
  "state_conflict",
  "account_needs_attention",
  "platform_unavailable",
  "platform_refused",
] as const;
const list = z.string().min(1).max(200);
const externalId = z.string().min(1).max(500);
const tag = z.string().trim().min(1).max(100);
const tags = z.array(tag).max(50);

const newContact = {
  email: z.email().max(254),
  name: z.string().trim().min(1).max(200).optional(),
  tags: tags.optional(),
  status: z.enum(["subscribed", "pending"]).optional(),
};

const contact = {
  externalId: "a1b2c3d4e5/9eecb7db59d16c80417c72d1e1f4fbf1",
  email: "ida@northfold.example",
  name: "Ida Holm",
  list: "a1b2c3d4e5",
  status: "subscribed",
  tags: ["Regulars"],
} as const;

export const findContacts = defineOperation({
  id: "findContacts",
  method: "GET",
  path: "/api/connections/:id/contacts",
  summary: "People of an account's lists",
  description:
    "Read at the platform now; nothing of it is kept here. By email, by name, or all of a list, page by page. list: a place as GET /api/connections/:id/destinations has it; the only one there is may be left out. A platform without contacts is state_conflict; see supports.audience in GET /api/platforms.",
  tags: ["contacts"],
  auth,
  params,
  query: z.strictObject({
    email: newContact.email.optional(),
    name: z.string().min(1).max(200).optional(),
    list: list.optional(),
    cursor: z.string().min(1).max(500).optional(),
  }),
  response: z.object({ items: z.array(ContactView), nextCursor: z.string().optional(), simulated: z.boolean() }),
  errors,
  example: {
    params: { id: ids.connection },
    query: { email: "ida@northfold.example" },
    response: { items: [contact], simulated: true },
  },
});

export const saveContact = defineOperation({
  id: "saveContact",
  method: "POST",
  path: "/api/connections/:id/contacts",
  summary: "Add a contact, or bring it up to date",
  description:
    "By its address; the same again changes nothing. status is what somebody new becomes, who did agree to it (pending: the platform asks them first). Nobody who left is brought back.",
  tags: ["contacts"],
  auth,
  params,
  body: z.strictObject({ ...newContact, list: list.optional() }),
  response: z.object({ contact: ContactView, simulated: z.boolean() }),
  errors,
  example: {
    params: { id: ids.connection },
    body: { email: "ida@northfold.example", name: "Ida Holm", tags: ["Regulars"] },
    response: { contact, simulated: true },
  },
});

export const saveContacts = defineOperation({
  id: "saveContacts",
  method: "POST",
  path: "/api/connections/:id/contacts/batch",
  summary: "Add many contacts, or bring them up to date",
  description:
    "As one by one, all of one list. One the platform refuses keeps no other out and is named in refused; after an answer that was lost the same may be sent again.",
  tags: ["contacts"],
  auth,
  params,
  body: z.strictObject({ list: list.optional(), contacts: z.array(z.strictObject(newContact)).min(1).max(100) }),
  response: z.object({
    saved: z.array(ContactView),
    refused: z.array(z.object({ email: z.string(), message: z.string() })),
    simulated: z.boolean(),
  }),
  errors,
  example: {
    params: { id: ids.connection },
    body: { contacts: [{ email: "ida@northfold.example", name: "Ida Holm" }] },
    response: { saved: [contact], refused: [], simulated: true },
  },
});

const Done = z.object({ done: z.literal(true), simulated: z.boolean() });
const done = { done: true, simulated: true } as const;

export const tagContact = defineOperation({
  id: "tagContact",
  method: "POST",
  path: "/api/connections/:id/contacts/tags",
  summary: "Set and take away tags",
  description: "externalId names the contact as an earlier answer did. The same again changes nothing.",
  tags: ["contacts"],
  auth,
  params,
  body: z.strictObject({ externalId, add: tags.default([]), remove: tags.default([]) }),
  response: Done,
  errors,
  example: {
    params: { id: ids.connection },
    body: { externalId: contact.externalId, add: ["Regulars"], remove: ["New"] },
    response: done,
  },
});

export const archiveContact = defineOperation({
  id: "archiveContact",
  method: "POST",
  path: "/api/connections/:id/contacts/archive",
  summary: "Take a contact off its list",
  description: "What the platform knows of them stays there. One who is gone already is fine.",
  tags: ["contacts"],
  auth,
  params,
  body: z.strictObject({ externalId }),
  response: Done,
  errors,
  example: { params: { id: ids.connection }, body: { externalId: contact.externalId }, response: done },
});
