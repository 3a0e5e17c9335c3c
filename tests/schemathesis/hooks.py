"""What schemathesis cannot know of Remit. REMIT_API_KEY_ID says which of the API keys is the run's own."""

import datetime
import json
import os

import schemathesis

# Refusals of what is well-formed: by what a key names, what a wallet holds or how two members compare.
BEYOND_SCHEMAS = {
    "balance_limit_exceeded",
    "condition_failed",
    "currency_mismatch",
    "group_refused",
    "hold_closed",
    "hold_exceeded",
    "idempotency_key_reused",
    "insufficient_funds",
    "limit_exceeded",
    "not_reversible",
    "reversal_exceeded",
    "same_wallet",
    "too_many_webhooks",
    "wallet_frozen",
}


@schemathesis.hook
def before_call(context, case, kwargs):
    """Makes text of what it took for a header from a number in an answer, which no client could send; waits for nothing."""
    if case.path == "/events" and str((case.query or {}).get("wait")) in map(str, range(61)):
        case.query["wait"] = 0
    for name, value in case.headers.items():
        if isinstance(value, int):
            case.headers[name] = str(value)


@schemathesis.hook
def after_call(context, case, response):
    """Hides the run's own API key: revoked, it would have all that follows refused."""
    if case.path == "/keys" and case.method == "GET" and response.status_code == 200:
        page = json.loads(response.content)
        page["keys"] = [key for key in page["keys"] if key["id"] != os.environ["REMIT_API_KEY_ID"]]
        response.content = json.dumps(page).encode()


@schemathesis.check
def problem_is_described(context, response, case):
    """Holds a problem's code against those of which the description has an example for this answer."""
    if response.headers.get("content-type") != ["application/problem+json"]:
        return
    described = case.operation.definition.raw["responses"][str(response.status_code)]
    if "$ref" in described:
        name = described["$ref"].rpartition("/")[2]
        described = case.operation.schema.raw_schema["components"]["responses"][name]
    problem = response.json()
    assert problem["code"] in described["content"]["application/problem+json"]["examples"], problem
    assert problem["status"] == response.status_code, problem


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Lets a valid request be refused where a schema cannot say why, as it may be with 404 and 409 by default."""
    if case.path == "/transfers/bulk" and response.status_code == 405:
        # It answers GET as `/transfers/{id}` does: a transfer's key may be `bulk`.
        return False
    if "positive_data_acceptance" not in failure.checks:
        return True
    problem = response.json()
    match response.status_code, problem["code"], problem.get("pointer"):
        case 422, code, _ if code in BEYOND_SCHEMAS:
            return False
        case 422, "invalid_field", "/initial_balance":
            return not is_below_floor(case.body)
        case 422, "invalid_field", "/expires_at":
            return is_to_come(case.body["expires_at"]) and not is_beyond_a_hold(case)
        case 400, "malformed_body", "/amount":
            return bool(case.body.get("at_most"))
        case 422, "invalid_field", "/amount" | "/target_id" | "/if/target_balance_max":
            # An adjustment changes something; a hold without a target is captured to one.
            return "holds" not in case.path
        case _, "malformed_body" | "unknown_field" | "invalid_field", pointer if is_in_item(pointer):
            # What an item must have, and may, follows from its kind.
            return False
        case 400, "malformed_body", "/if" if case.headers.get("If-Match"):
            return False
        case 400, "malformed_query", _ if case.path == "/events":
            # One of the two says where to begin.
            return not {"after", "from"} <= set(case.query or {})
        case 400, "malformed_query", _ if case.path.endswith("/proof"):
            # The head may be of fewer blocks than have the transfer, or of more than there are.
            return "head" not in (case.query or {})
        case 422, "invalid_field", "/to" if case.path.endswith("/replay"):
            # The end may be before the beginning.
            return False
        case 400, "malformed_header", _:
            # It does not hold every value of a header to the pattern.
            return False
        case 400, "malformed_id", _:
            # It took the id from a member that is null.
            return "None" not in map(str, case.path_parameters.values())
    return True


def is_in_item(pointer):
    """Whether a pointer leads into an item of a bulk or a leg of a group."""
    return (pointer or "").startswith(("/transfers/", "/legs/"))


def is_below_floor(wallet):
    """Whether a new wallet's first balance is less than it may ever be."""
    floor = wallet.get("floor", 0)
    return floor is not None and (wallet.get("initial_balance") or 0) < floor


def is_to_come(moment):
    """Whether a time is to come and before the year 9999, whatever its offset from UTC."""
    after_tomorrow = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)
    return after_tomorrow.date().isoformat() < moment[:10] < "9998-12-31"


def is_beyond_a_hold(case):
    """Whether what a hold is to last is more than the ten years that it may."""
    ends = datetime.datetime.fromisoformat(case.body["expires_at"].replace("Z", "+00:00"))
    years = datetime.timedelta(days=3650)
    return "holds" in case.path and ends > datetime.datetime.now(datetime.timezone.utc) + years
