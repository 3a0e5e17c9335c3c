// Uses the service with the types that openapi-typescript has generated: REMIT_URL, REMIT_API_KEY.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/openapi_typescript.js";
import { API_KEY, URL, type IsAny } from "./service.js";

type Problem = components["schemas"]["Problem"];

const client = createClient<paths>({ baseUrl: URL, headers: { Authorization: `Bearer ${API_KEY}` } });

// An error is a Problem, whatever it is and whatever was asked. The compiler holds the codes against the description.
function expectProblem(
  answer: { error?: Problem; response: Response },
  status: number,
  code: Problem["code"],
  pointer?: string,
): Problem {
  assert(answer.error);
  assert.deepEqual([answer.response.status, answer.error.status], [status, status]);
  assert.deepEqual([answer.error.code, answer.error.pointer], [code, pointer]);
  return answer.error;
}

async function wallet(user_id: string, initial_balance: number): Promise<string> {
  const made = await client.POST("/wallets", { body: { user_id, currency: "USD", initial_balance, floor: 0 } });
  assert(made.data);
  return made.data.id;
}

function transfer(source_id: string, target_id: string, amount: number, key: string = randomUUID()) {
  return client.POST("/transfers", {
    params: { header: { "Idempotency-Key": key } },
    body: { source_id, target_id, amount },
  });
}

const user = (await client.POST("/users", { body: { name: "Ada" } })).data;
assert(user);
const [source, target] = [await wallet(user.id, 1_000), await wallet(user.id, 0)];

// Create, and replay.
const key = "a key of openapi-typescript";
const first = await transfer(source, target, 250, key);
assert.equal(first.data?.source_balance, 750);
assert.equal(first.response.headers.get("idempotency-replayed"), null);
const again = await transfer(source, target, 250, key);
assert.deepEqual(again.data, first.data);
assert.equal(again.response.headers.get("idempotency-replayed"), "true");
const read = await client.GET("/transfers/{id}", { params: { path: { id: key } } });
assert.deepEqual(read.data, { ...first.data, reversed: 0, reversal_ids: [] });

// Errors.
const refused = await transfer(source, target, 10_000, "too much for openapi-typescript");
const isAny: IsAny<NonNullable<typeof refused.error>> = false;
assert(!isAny);
const { transfer_id } = expectProblem(refused, 422, "insufficient_funds");
assert(transfer_id);
const kept = await client.GET("/transfers/{id}", { params: { path: { id: transfer_id } } });
assert(kept.data?.status === "rejected" && kept.data.reason === "insufficient_funds");
expectProblem(await transfer(source, target, 0), 422, "invalid_field", "/amount");
expectProblem(await transfer(source, target, 251, key), 422, "idempotency_key_reused");
const absent = { params: { path: { id: randomUUID() } } };
expectProblem(await client.GET("/wallets/{id}", absent), 404, "wallet_not_found");
const nobody = { ...absent, headers: { Authorization: "Bearer none" } };
expectProblem(await client.GET("/wallets/{id}", nobody), 401, "unauthenticated");
const misspelt = { name: "Ada", nick_name: "A" } as { name: string };
expectProblem(await client.POST("/users", { body: misspelt }), 400, "unknown_field", "/nick_name");

// Pages.
for (const amount of [1, 2, 3]) await transfer(source, target, amount);
const amounts: number[] = [];
let cursor: string | undefined;
do {
  const page = await client.GET("/wallets/{id}/entries", {
    params: { path: { id: source }, query: { limit: 2, cursor } },
  });
  assert(page.data);
  amounts.push(...page.data.entries.map((entry) => entry.amount));
  cursor = page.data.next_cursor ?? undefined;
} while (cursor);
assert.deepEqual(amounts, [-3, -2, -1, -250, 1_000]);
console.log("done");
