"""Google's rules, as data: which claims a publisher matches."""

import pytest

from publishers import matching
from publishers.errors import InvalidToken
from publishers.forms import PublisherForm
from publishers.models import Issuer, Publisher

ISSUER = "https://accounts.google.com"
EMAIL = "publisher@acme.iam.gserviceaccount.com"
SUB = "111260650121185072906"

# The claims that Google documents for the token of a virtual machine's service account (format=full).
CLAIMS = {
    "iss": ISSUER,
    "azp": SUB,
    "aud": "packages.example.com",
    "sub": SUB,
    "email": EMAIL,
    "email_verified": True,
    "iat": 1650053185,
    "exp": 1650056785,
    "google": {
        "compute_engine": {
            "project_id": "acme",
            "project_number": 123456789012,
            "zone": "us-central1-a",
            "instance_id": "152986662232938449",
            "instance_name": "builder",
            "instance_creation_timestamp": 1650000000,
        }
    },
}
FIELDS = {"email": EMAIL}


def kind():
    return Issuer(url=ISSUER, provider="google").kind


def held(values, pins, claims):
    issuer = Issuer(url=ISSUER, provider="google")
    publisher = Publisher(issuer=issuer, project_name="x", values={**FIELDS, **values}, pins=pins)
    publisher.project_id = 1
    reading = issuer.kind.read({**CLAIMS, **claims})
    match = matching.hold(publisher, reading)
    at_place = issuer.kind.identity(publisher.values) == issuer.kind.identity(reading)
    return at_place and issuer.kind.forbid(reading) is None and match.ok


MINTS = [
    ("the documented claims", {}, {}, {}),
    ("the subject", {"sub": SUB}, {}, {}),
    ("the subject, pinned", {}, {"sub": SUB}, {}),
    ("the subject, typed and pinned", {"sub": SUB}, {"sub": SUB}, {}),
    ("no claims about the machine", {}, {}, {"google": None}),
    ("another presenter", {}, {}, {"azp": "32555350559.apps.googleusercontent.com"}),
]
REFUSES = [
    ("another account", {"email": "other@acme.iam.gserviceaccount.com"}, {}, {}),
    ("an account whose name ends the same", {"email": f"x{EMAIL}"}, {}, {}),
    ("the account in another case", {"email": EMAIL.upper()}, {}, {}),
    ("an address in another case", {}, {}, {"email": EMAIL.upper()}),
    ("another subject", {"sub": "1"}, {}, {}),
    ("another subject than the pinned one", {}, {"sub": "1"}, {}),
]


@pytest.mark.parametrize(("values", "pins", "claims"), [row[1:] for row in MINTS], ids=[row[0] for row in MINTS])
def test_a_publisher_matches(values, pins, claims):
    assert held(values, pins, claims)


@pytest.mark.parametrize(("values", "pins", "claims"), [row[1:] for row in REFUSES], ids=[row[0] for row in REFUSES])
def test_a_publisher_does_not_match(values, pins, claims):
    assert not held(values, pins, claims)


@pytest.mark.parametrize("claim", ["email", "sub"])
@pytest.mark.parametrize("value", [None, "", 7, True, [EMAIL], {"a": 1}, "a\x00b", "a\nb", "x" * 1025])
def test_a_required_claim_that_is_missing_or_malformed_is_named(claim, value):
    with pytest.raises(InvalidToken, match=f"`{claim}`"):
        kind().read({**CLAIMS, claim: value})


@pytest.mark.parametrize("value", [None, "", "true", "false", 0, 1, [True], {}, False])
def test_an_address_that_google_does_not_vouch_for_is_refused(value):
    with pytest.raises(InvalidToken, match=r"`email_verified`"):
        kind().read({**CLAIMS, "email_verified": value})


@pytest.mark.django_db
def test_a_subject_that_is_typed_is_pinned_and_another_is_told_nothing(django_user_model):
    issuer, user = Issuer.objects.get(url=ISSUER), django_user_model.objects.create_user("alice")
    form = PublisherForm(issuer, {**FIELDS, "sub": SUB, "project_name": "brand-new", "enabled": True}, user=user)
    assert form.is_valid(), form.errors
    assert form.wanted.pins == {"sub": SUB}
    publisher = Publisher(issuer=issuer, project_name="x", values=form.wanted.values, pins=form.wanted.pins)
    assert matching.hold(publisher, issuer.kind.read({**CLAIMS, "sub": "1"})).is_another


@pytest.mark.django_db
def test_a_token_may_be_used_until_it_expires():
    assert kind().reuse == "until-expiry"
    row = Issuer.objects.get(url=ISSUER)
    assert (row.reuse, row.max_token_age, row.enabled) == ("until-expiry", 3600, False)


@pytest.mark.parametrize(
    ("field", "value", "ok"),
    [
        ("email", EMAIL, True),
        ("email", "publisher", False),
        ("email", "a@b@c.d", False),
        ("sub", SUB, True),
        ("sub", "publisher", False),
    ],
)
def test_what_the_form_takes(field, value, ok):
    part = next(part for part in kind().fields if part.name == field)
    assert (part.refusal(value) is None) is ok


def test_a_publisher_is_described_by_its_address():
    assert kind().describe({**FIELDS, "sub": SUB}) == EMAIL
