// Uses the service through the client that @hey-api/openapi-ts has generated: REMIT_URL, REMIT_API_KEY.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { client } from "./generated/hey_api/client.gen.js";
import {
  entryList,
  transferCreate,
  transferGet,
  userCreate,
  walletCreate,
  walletGet,
} from "./generated/hey_api/sdk.gen.js";
import type { Problem } from "./generated/hey_api/types.gen.js";
import { API_KEY, URL, type IsAny } from "./service.js";

client.setConfig({ baseUrl: URL, auth: API_KEY });

// An error is a Problem, whatever it is and whatever was asked. The compiler holds the codes against the description.
function expectProblem(
  answer: { error?: Problem; response?: Response },
  status: number,
  code: Problem["code"],
  pointer?: string,
): Problem {
  assert(answer.error);
  assert.deepEqual([answer.response?.status, answer.error.status], [status, status]);
  assert.deepEqual([answer.error.code, answer.error.pointer], [code, pointer]);
  return answer.error;
}

async function wallet(user_id: string, initial_balance: number): Promise<string> {
  const made = await walletCreate({ body: { user_id, currency: "USD", initial_balance } });
  assert(made.data);
  return made.data.id;
}

function transfer(source_id: string, target_id: string, amount: number, key: string = randomUUID()) {
  return transferCreate({ headers: { "Idempotency-Key": key }, body: { source_id, target_id, amount } });
}

const user = (await userCreate({ body: { name: "Ada" } })).data;
assert(user);
const [source, target] = [await wallet(user.id, 1_000), await wallet(user.id, 0)];

// Create, and replay.
const key = "a key of hey-api";
const first = await transfer(source, target, 250, key);
assert.equal(first.data?.source_balance, 750);
assert.equal(first.response?.headers.get("idempotency-replayed"), null);
const again = await transfer(source, target, 250, key);
assert.deepEqual(again.data, first.data);
assert.equal(again.response?.headers.get("idempotency-replayed"), "true");
assert.deepEqual((await transferGet({ path: { id: key } })).data, { ...first.data, reversed: 0, reversal_ids: [] });

// Errors.
const refused = await transfer(source, target, 10_000, "too much for hey-api");
const isAny: IsAny<NonNullable<typeof refused.error>> = false;
assert(!isAny);
const { transfer_id } = expectProblem(refused, 422, "insufficient_funds");
assert(transfer_id);
const kept = (await transferGet({ path: { id: transfer_id } })).data;
assert(kept?.status === "rejected" && kept.reason === "insufficient_funds");
expectProblem(await transfer(source, target, 0), 422, "invalid_field", "/amount");
expectProblem(await transfer(source, target, 251, key), 422, "idempotency_key_reused");
const absent = { path: { id: randomUUID() } };
expectProblem(await walletGet(absent), 404, "wallet_not_found");
expectProblem(await walletGet({ ...absent, auth: "none" }), 401, "unauthenticated");
const misspelt = { name: "Ada", nick_name: "A" } as { name: string };
expectProblem(await userCreate({ body: misspelt }), 400, "unknown_field", "/nick_name");

// Pages.
for (const amount of [1, 2, 3]) await transfer(source, target, amount);
const amounts: number[] = [];
let cursor: string | undefined;
do {
  const page = (await entryList({ path: { id: source }, query: { limit: 2, cursor } })).data;
  assert(page);
  amounts.push(...page.entries.map((entry) => entry.amount));
  cursor = page.next_cursor ?? undefined;
} while (cursor);
assert.deepEqual(amounts, [-3, -2, -1, -250, 1_000]);
console.log("done");
