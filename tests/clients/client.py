"""Uses the service through the client that openapi-python-client has generated: REMIT_URL, REMIT_API_KEY."""

import os
import uuid

from remit_client import AuthenticatedClient
from remit_client.api.groups import group_create, group_get, transfer_bulk
from remit_client.api.holds import hold_capture, hold_create, hold_get, hold_list, hold_release
from remit_client.api.transfers import transfer_create, transfer_get, transfer_reverse
from remit_client.api.users import user_create, user_get, wallet_list
from remit_client.api.wallets import entry_list, wallet_create, wallet_freeze, wallet_get, wallet_limits_set
from remit_client.models import (
    Bulk,
    BulkItem,
    BulkRequest,
    CaptureRequest,
    Group,
    GroupRequest,
    Hold,
    HoldPage,
    HoldRequest,
    Leg,
    LimitsRequest,
    NewHold,
    PostedGroup,
    PostedTransfer,
    Problem,
    ProblemCode,
    ReasonBody,
    RejectedTransfer,
    ReleaseRequest,
    ReversalRequest,
    TransferRequest,
    User,
    UserRequest,
    Wallet,
    WalletRequest,
    WalletRequestCurrency,
)

URL = os.environ["REMIT_URL"]
client = AuthenticatedClient(URL, os.environ["REMIT_API_KEY"], raise_on_unexpected_status=True)


def parsed(answer, kind, status):
    """The body of an answer, which must have this type and this status."""
    assert isinstance(answer.parsed, kind) and answer.status_code == status, answer
    return answer.parsed


def expect_problem(answer, status, code, pointer=None):
    """An error is a Problem, whatever it is and whatever was asked."""
    problem = parsed(answer, Problem, status)
    assert problem.status == status and problem.code is code, problem
    assert problem.request_id and (problem.pointer or None) == pointer, problem
    return problem


def transfer(source, target, amount, key=None):
    body = TransferRequest(source_id=source, target_id=target, amount=amount)
    return transfer_create.sync_detailed(client=client, body=body, idempotency_key=key or str(uuid.uuid4()))


def make_wallet(user, balance):
    body = WalletRequest(user_id=user, currency=WalletRequestCurrency.USD, initial_balance=balance)
    return parsed(wallet_create.sync_detailed(client=client, body=body), Wallet, 201)


user = parsed(user_create.sync_detailed(client=client, body=UserRequest(name="Ada")), User, 201)
assert parsed(user_get.sync_detailed(user.id, client=client), User, 200) == user
source, target = make_wallet(user.id, 1_000), make_wallet(user.id, 0)

# Create, and replay.
key = "a key of the client's own"
first = transfer(source.id, target.id, 250, key)
posted = parsed(first, PostedTransfer, 201)
assert posted.source_balance == 750 and posted.created_at.tzinfo is not None
again = transfer(source.id, target.id, 250, key)
assert parsed(again, PostedTransfer, 201) == posted and again.content == first.content
assert "idempotency-replayed" not in first.headers and again.headers["idempotency-replayed"] == "true"
read = parsed(transfer_get.sync_detailed(key, client=client), PostedTransfer, 200)
assert read.reversed_ == 0 and read.id == posted.id and read.created_at == posted.created_at

# Errors.
nobody = AuthenticatedClient(URL, "remit_1_" + "0" * 64)
expect_problem(user_get.sync_detailed(user.id, client=nobody), 401, ProblemCode.UNAUTHENTICATED)
expect_problem(wallet_get.sync_detailed(uuid.uuid4(), client=client), 404, ProblemCode.WALLET_NOT_FOUND)
expect_problem(transfer(source.id, target.id, 0), 422, ProblemCode.INVALID_FIELD, "/amount")
expect_problem(transfer(source.id, target.id, 251, key), 422, ProblemCode.IDEMPOTENCY_KEY_REUSED)
expect_problem(transfer(source.id, target.id, 1, '"'), 400, ProblemCode.IDEMPOTENCY_KEY_MALFORMED)
rejected = expect_problem(transfer(source.id, target.id, 10_000, "too much"), 422, ProblemCode.INSUFFICIENT_FUNDS)
kept = parsed(transfer_get.sync_detailed("too much", client=client), RejectedTransfer, 200)
assert kept.id == rejected.transfer_id and kept.reason.value == "insufficient_funds"
expect_problem(entry_list.sync_detailed(source.id, client=client, cursor="x"), 400, ProblemCode.MALFORMED_QUERY)

# Changes.
limits = LimitsRequest(transfer_max=None, daily_max=500)
assert wallet_limits_set.sync(source.id, client=client, body=limits).daily_spent == 250
assert wallet_freeze.sync(target.id, client=client, body=ReasonBody(reason="a test")).status.value == "frozen"
expect_problem(transfer(source.id, target.id, 1), 422, ProblemCode.WALLET_FROZEN)

# Pages.
third = make_wallet(user.id, 0)
for amount in (1, 2, 3):
    parsed(transfer(source.id, third.id, amount), PostedTransfer, 201)
amounts, page = [], entry_list.sync(source.id, client=client, limit=2)
while page.entries:
    amounts += [entry.amount for entry in page.entries]
    if page.next_cursor is None:
        break
    page = entry_list.sync(source.id, client=client, limit=2, cursor=page.next_cursor)
assert amounts == [-3, -2, -1, -250, 1_000], amounts
first_page = wallet_list.sync(user.id, client=client, limit=2)
second_page = wallet_list.sync(user.id, client=client, limit=2, cursor=first_page.next_cursor)
assert [w.id for w in first_page.wallets + second_page.wallets] == [source.id, target.id, third.id]
assert second_page.next_cursor is None
# Holds, reversals, groups and bulks.
buyer, seller = make_wallet(user.id, 1_000), make_wallet(user.id, 0)
hold_key, new_key = str(uuid.uuid4()), lambda: str(uuid.uuid4())
body = HoldRequest(source_id=buyer.id, target_id=seller.id, amount=100, expires_in=600)
held = parsed(hold_create.sync_detailed(client=client, body=body, idempotency_key=hold_key), NewHold, 201)
assert held.remaining == 100 and held.expires_at is not None
body = CaptureRequest(amount=40, final=False)
capture = hold_capture.sync_detailed(hold_key, client=client, body=body, idempotency_key=new_key())
assert parsed(capture, PostedTransfer, 201).hold_remaining == 60
release = hold_release.sync_detailed(hold_key, client=client, body=ReleaseRequest(), idempotency_key=new_key())
assert parsed(release, PostedTransfer, 201).kind.value == "release"
assert parsed(hold_get.sync_detailed(hold_key, client=client), Hold, 200).status.value == "released"
assert [hold.id for hold in parsed(hold_list.sync_detailed(buyer.id, client=client), HoldPage, 200).holds] == [held.id]
assert parsed(wallet_get.sync_detailed(buyer.id, client=client, holds=True), Wallet, 200).holds == []
body = ReversalRequest(amount=40)
back = transfer_reverse.sync_detailed(parsed(capture, PostedTransfer, 201).id, client=client, body=body, idempotency_key=new_key())
assert parsed(back, PostedTransfer, 201).target_id == buyer.id
legs = [Leg(source_id=buyer.id, target_id=seller.id, amount=n) for n in (1, 2)]
group = group_create.sync_detailed(client=client, body=GroupRequest(legs=legs), idempotency_key="a group")
assert [leg.amount for leg in parsed(group, PostedGroup, 201).legs] == [1, 2]
assert parsed(group_get.sync_detailed("a group", client=client), Group, 200).status.value == "posted"
items = [BulkItem(id=str(n), source_id=seller.id, target_id=buyer.id, amount=n) for n in (3, 10_000)]
results = parsed(transfer_bulk.sync_detailed(client=client, body=BulkRequest(transfers=items)), Bulk, 200).results
assert [result.status.value for result in results] == ["posted", "rejected"]
assert results[1].problem.code is ProblemCode.INSUFFICIENT_FUNDS

print("done")
