"""What an administrator pastes is found, said what it is, and shown again only where it is no secret."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from publishers.models import Issuer
from registry.models import Event, File, Switch, User
from tests.factories import make_user
from tests.tokens.admin.conftest import COMMIT, RUN, Story
from tests.tokens.test_exchange import mint
from tokens import finding, secrets
from tokens.models import ApiToken, Exchange, UploadToken

FIND = "/admin/tokens/apitoken/find/"

pytestmark = pytest.mark.usefixtures("boss")


def found(client: Client, text: str) -> str:
    answer = client.post(FIND, {"text": text})
    assert answer.status_code == 200
    assert "no-cache" in answer["Cache-Control"]
    return answer.content.decode()


def test_a_live_upload_token_leads_to_its_row_its_exchange_and_its_file(client, story: Story):
    page = found(client, f" {story.text}\n")
    assert "Upload token, live" in page
    assert story.text not in page
    for row in (story.token, story.exchange, story.provenance):
        assert f"/{row._meta.model_name}/{row.pk}/change/" in page


def test_a_live_token_says_what_it_opens_and_leads_to_its_end(client, story: Story):
    page = found(client, story.text)
    assert "It uploads to sampleproject until" in page
    assert f"/admin/tokens/uploadtoken/{story.token.pk}/revoke/" in page
    client.force_login(make_user("helper", is_staff=True))
    User.objects.get(username="helper").user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    page = found(client, story.text)
    assert "It uploads to sampleproject until" in page
    assert "/revoke/" not in page


def test_an_upload_token_that_sleeps_is_told_from_one_that_opens_something(client, story: Story):
    Issuer.objects.update(enabled=False)
    page = found(client, story.text)
    assert "It was for sampleproject" in page
    assert "opens nothing at the moment" in page
    assert f"/admin/tokens/uploadtoken/{story.token.pk}/revoke/" in page


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"scopes": ["upload", "read"]}, "opens upload, read for all projects of its user, and never expires"),
        ({"scopes": ["upload"], "limited": True}, "opens upload for sampleproject, and never expires"),
    ],
)
def test_a_live_api_token_says_what_it_opens(client, story: Story, columns, said):
    text, alice = secrets.new(secrets.API), story.world.owner
    token = ApiToken.objects.create(digest=secrets.digest(text), user=alice, username="alice", name="laptop", **columns)
    token.projects.add(story.world.project)
    assert said in found(client, text)
    alice.is_active = False
    alice.save()
    page = found(client, text)
    assert "API token, without its user" in page
    assert f"/admin/tokens/apitoken/{token.pk}/revoke/" in page  # the user may come back


def test_all_publishers_of_a_place_are_named_with_their_projects_or_the_list_is(client, story: Story, monkeypatch):
    world = story.world
    for number in range(25):
        world.add(f"waiting-{number}")
    page = found(client, "octo-org/sampleproject")
    assert "of 26 projects" in page
    assert "of waiting-24, which waits for its first upload" in page
    assert "or more" not in page
    monkeypatch.setattr(finding, "MOST_TRUSTING", 10)
    page = found(client, "octo-org/sampleproject")
    assert "of 26 projects" in page
    assert "These are 10 or more" in page
    assert '<a href="/admin/publishers/publisher/?q=octo-org%2Fsampleproject">the list</a> has' in page
    world.publisher.enabled = False
    world.publisher.save()
    assert "The publisher is switched off." in found(client, "octo-org/sampleproject")


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ({"burnt_at": True}, "Upload token, burnt"),
        ({"revoked_at": True, "revoked_reason": "seen in a log"}, "seen in a log"),
        ({"expires_at": True}, "it expired on"),
        ({"spent_at": True}, "spent on"),
    ],
)
def test_a_dead_token_says_why(client, story: Story, column, said):
    UploadToken.objects.update(**{key: timezone.now() if value is True else value for key, value in column.items()})
    assert said in found(client, story.text)


def test_an_api_token_leads_to_its_user(client, story: Story):
    text, alice = secrets.new(secrets.API), story.world.owner
    ApiToken.objects.create(digest=secrets.digest(text), user=alice, username="alice", name="laptop", scopes=[])
    page = found(client, text)
    assert "API token, live" in page
    assert f"/admin/registry/user/{alice.pk}/change/" in page


def test_tokens_that_are_not_known_are_told_by_their_checksum(client):
    ours = secrets.new(secrets.UPLOAD)
    assert "A token of this registry that is not known" in found(client, ours)
    for other in (ours[:-1] + ("a" if ours[-1] != "a" else "b"), "abc" + ours[3:], "pypi-AgEIcHlwaS5vcmcCJGFiY2RlZg"):
        page = found(client, other)
        assert "Not a token of this registry" in page
        assert other not in page


@pytest.mark.parametrize(
    "around",
    [
        "Authorization: Bearer {}",
        'TWINE_PASSWORD="{}"',
        "https://__token__:{}@packages.example.com/simple/",
        "12:00 uploading\n12:01 password={}, twice\n12:02 {}",
    ],
)
def test_a_token_is_found_among_other_words_and_they_are_not_shown_again(client, story: Story, around):
    page = found(client, around.format(story.text, story.text))
    assert page.count("Upload token, live") == 1
    assert story.text not in page


def test_all_tokens_of_a_log_are_told(client, story: Story):
    jwt, dead = story.world.token(), secrets.new(secrets.API)
    page = found(client, f"{story.text}\n{dead}\nAuthorization: bearer {jwt}\n")
    for said in ("Upload token, live", "A token of this registry that is not known", "Identity token"):
        assert said in page
    assert not any(text in page for text in (story.text, dead, jwt))


def test_what_cannot_be_read_is_not_shown_again_either(client, story: Story):
    page = found(client, f"{story.text}\0")
    assert "Null characters are not allowed." in page
    assert story.text not in page


def test_an_identity_token_is_explained_and_leads_to_what_it_became(client, story: Story):
    page = found(client, story.identity_token)
    assert story.identity_token not in page
    assert "used before" in page
    assert str(story.exchange.pk) in page
    assert COMMIT in page
    assert f"/admin/publishers/publisher/{story.world.publisher.pk}/change/" in page


def test_a_fresh_identity_token_would_be_granted_and_is_not_used_up(client, story: Story):
    fresh, before = story.world.token(), (Exchange.objects.count(), Event.objects.count())
    assert "an exchange would cover sampleproject" in found(client, fresh)
    assert before == (Exchange.objects.count(), Event.objects.count())
    assert mint(Client(), fresh).status_code == 200


def test_an_identity_token_that_nobody_signed_is_decoded_and_not_believed(client, story: Story):
    head, _, signature = story.identity_token.split(".")
    claims = story.world.token(sha="beef" * 10).split(".")[1]
    page = found(client, f"{head}.{claims}.{signature}")
    assert "which nobody has proven" in page
    assert "beef" * 10 in page


def test_an_identity_token_of_an_unknown_issuer_is_decoded(client, story: Story):
    page = found(client, story.world.token(iss="https://elsewhere.example.com"))
    assert "unknown trusted publishing issuer" in page


def test_each_way_to_a_file_finds_it(client, story: Story):
    file = File.objects.get()
    repository = "octo-org/sampleproject"
    run = f"https://github.com/{repository}/actions/runs/{RUN}"
    exchange, provenance = f"/exchange/{story.exchange.pk}/", f"/provenance/{story.provenance.pk}/"
    ways = {
        file.sha256: [f"/file/{file.pk}/", provenance],
        f"--hash=sha256:{file.sha256.upper()}": [f"/file/{file.pk}/", provenance],
        f"{file.sha256}  {file.filename}": [f"/file/{file.pk}/"],
        f"https://packages.example.com/files/x/{file.filename}#sha256={'0' * 64}": [f"/file/{file.pk}/"],
        file.blake2_256: [f"/file/{file.pk}/", provenance],
        file.filename: [f"/file/{file.pk}/", provenance],
        COMMIT: [exchange, provenance],
        COMMIT[:7]: [exchange, provenance],
        f"https://github.com/{repository}/commit/{COMMIT}": [exchange],
        RUN: [exchange, provenance],
        run: [exchange],
        str(story.exchange.pk): [exchange, provenance],
        "198.51.100.7": [exchange, provenance, "/admin/registry/event/"],
        repository: [f"/publisher/{story.world.publisher.pk}/", exchange],
        "OCTO-ORG/SampleProject": [f"/publisher/{story.world.publisher.pk}/"],
        f"https://github.com/{repository}.git": [f"/publisher/{story.world.publisher.pk}/"],
        "sampleproject": [f"/project/{story.world.project.pk}/"],
        "alice": [f"/user/{story.world.owner.pk}/"],
        "alice@example.com": [f"/user/{story.world.owner.pk}/"],
    }
    for text, wanted in ways.items():
        page = found(client, text)
        for address in wanted:
            assert address in page, (text, address)
        assert text in page


@pytest.mark.parametrize(
    "text", ["nothing", "a/b", "\x00", "x" * 1000, "0" * 64, "10.0.0.1", "1.2.3", "ey.x.", "''", "/"]
)
def test_what_means_nothing_says_so(client, text):
    assert client.post(FIND, {"text": text}).status_code == 200


def test_nothing_is_found_by_an_address(client):
    text = secrets.new(secrets.API)
    assert "A token" not in client.get(FIND, {"text": text}).content.decode().replace("A token or", "")


def test_it_works_while_everything_that_writes_is_off(client):
    Switch.objects.create(what="writing")
    assert "Not a token" in found(client, "pypi-AgEIcHlwaS5vcmcCJGFiY2RlZg")


def test_it_takes_the_right_to_see_every_record(client):
    helper = make_user("helper", is_staff=True)
    helper.user_permissions.add(*Permission.objects.filter(codename__in=["view_apitoken", "view_uploadtoken"]))
    client.force_login(helper)
    assert client.get(FIND).status_code == 403


def test_finding_changes_nothing_so_no_late_sign_in_keeps_what_was_pasted(client, story: Story, settings):
    settings.REQUIRE_2FA = True  # no second factor, no recent sign-in
    page = found(client, story.text)
    assert "Upload token, live" in page
    assert story.text not in str(dict(client.session.items()))
    assert client.post(f"/admin/tokens/uploadtoken/{story.token.pk}/revoke/").status_code == 302
