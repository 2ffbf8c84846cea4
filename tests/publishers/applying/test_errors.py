"""What is wrong with an apply file is said with its table and key, and nothing is changed."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from registry.actors import Actor
from registry.creation import create_project
from registry.models import Event, ProhibitedName, User

pytestmark = pytest.mark.django_db

ALICE = '[[user]]\nusername = "alice"\nemail = "alice@example.com"\n'
PROJECT = ALICE + '[[project]]\nname = "sampleproject"\nowners = ["alice"]\n'
IDENTITY = 'owner = "octo-org"\nrepository = "sampleproject"\nworkflow_filename = "release.yml"\n'
PUBLISHER = PROJECT + '[[project.publisher]]\nprovider = "github"\n' + IDENTITY
PENDING = ALICE + '[[pending_publisher]]\nprovider = "github"\nuser = "alice"\nproject_name = "brand-new"\n' + IDENTITY
ISSUER = '[[issuer]]\nurl = "https://ghe.example.com"\nprovider = "github"\n'

WHOSE = '[[project]] "sampleproject"'
FIRST = f"{WHOSE} [[project.publisher]] 1"
GHE = '[[issuer]] "https://ghe.example.com"'
WAITING = '[[pending_publisher]] "brand-new"'

CASES = [
    # the file
    ("not toml", "file.toml is not TOML: Expected '='"),
    ('a = "\xff"'.encode("latin-1"), "file.toml is not TOML: 'utf-8' codec"),
    ('issuers = "x"', 'file.toml: unknown key "issuers" (did you mean "issuer"?)'),
    (f"issuer = {'1' * 5000}", "file.toml is not TOML: Exceeds the limit"),
    (ISSUER + 'identity_claims = ["sub"]', f'{GHE}: key "identity_claims": Only issuers of the generic provider'),
    (
        ALICE + ALICE.replace('"alice"', '"Alice"').replace("alice@", "other@"),
        'key "username": differs from the user "alice" only in upper and lower',
    ),
    ("issuer = 1", 'file.toml: key "issuer": must be a list of tables.'),
    ("[user]\nusername = 'alice'", 'file.toml: key "user": must be a list of tables.'),
    ('"a\\nb" = 1', 'file.toml: unknown key "a\\nb"'),
    # issuers
    ('[[issuer]]\nprovider = "github"', '[[issuer]] 1: the key "url" is missing'),
    ('[[issuer]]\nurl = "https://ghe.example.com"', f'{GHE}: the key "provider" is missing'),
    (
        ISSUER.replace("github", "githib"),
        f'{GHE}: key "provider": there is no provider "githib" (did you mean "github"?).',
    ),
    (ISSUER + "max_token_age = '1h'", f'{GHE}: key "max_token_age": must be a whole number.'),
    (ISSUER + "max_token_age = true", f'{GHE}: key "max_token_age": must be a whole number.'),
    (ISSUER + "max_token_age = 1", f'{GHE}: key "max_token_age": Ensure this value is greater than or equal to 60.'),
    (ISSUER + "algorithms = 'RS256'", f'{GHE}: key "algorithms": must be a list of texts'),
    (ISSUER + "algorithms = ['HS256']", f'{GHE}: key "algorithms": Select a valid choice. HS256 is not'),
    (ISSUER + "algorithms = []", f'{GHE}: key "algorithms": This field is required.'),
    (ISSUER + "reuse = 'twice'", f'{GHE}: key "reuse": must be one of "once", "until-expiry".'),
    (ISSUER + "audience = 'pypi'", f"{GHE}: key \"audience\": 'pypi' is the audience of another service."),
    (ISSUER + "enabled = 1", f'{GHE}: key "enabled": must be true or false.'),
    (ISSUER + "jwks_url = 'x'", f'{GHE}: unknown key "jwks_url"'),
    (ISSUER + "jwks_file = 'missing.json'", f'{GHE}: key "jwks_file": the file cannot be read: No such file'),
    (ISSUER + "jwks_file = 'file.toml'", f'{GHE}: key "jwks_file": the file is not JSON'),
    (ISSUER + "jwks_file = 'empty.json'", f'{GHE}: key "jwks_file": '),
    (ISSUER + "ca_file = 'missing.pem'", f'{GHE}: key "ca_file": There is no such file on this machine.'),
    (ISSUER + "api_url = 'ftp://x'", f'{GHE}: key "api_url": The address must begin with https://'),
    (ISSUER + "api_token_env = 'A TOKEN'", f'{GHE}: key "api_token_env": Write the name of an environment variable.'),
    (ISSUER.replace("https://", "http://"), 'key "url": The address must begin with https://'),
    (ISSUER.replace("https://", "https://me@"), 'key "url": Write an https address without'),
    (ISSUER + "allow_http_loopback = true\n" + ISSUER, f'{GHE}: key "url": an earlier table has this URL already.'),
    # users
    ("[[user]]\nemail = 'a@example.com'", '[[user]] 1: the key "username" is missing'),
    ("[[user]]\nusername = 'alice'", '[[user]] "alice": the key "email" is missing'),
    (ALICE.replace("@", ""), '[[user]] "alice": key "email": is not a mail address.'),
    (ALICE.replace("alice@", "taken@"), '[[user]] "alice": key "email": is the verified address of another user.'),
    (ALICE.replace('"alice"', '"al ice"'), '[[user]] "al ice": key "username": Enter a valid username.'),
    (
        ALICE.replace('"alice"', '"al\\u0000ice"'),
        'key "username": must be a text (in quotes)',
    ),
    (ALICE + "password = 'x'", '[[user]] "alice": unknown key "password" (did you mean "password_env"?)'),
    (ALICE + "password_env = 'NOT_SET'", 'key "password_env": the environment variable "NOT_SET" is not set.'),
    (ALICE + "staff = 'yes'", '[[user]] "alice": key "staff": must be true or false.'),
    (ALICE + ALICE, '[[user]] "alice": key "username": an earlier table has this username already.'),
    # projects
    (PROJECT.replace("alice", "bob", 1), f'{WHOSE}: key "owners": there is no user "alice".'),
    (PROJECT + "maintainers = ['carol']", f'{WHOSE}: key "maintainers": there is no user "carol".'),
    (PROJECT + "maintainers = ['alice']", f'{WHOSE}: key "maintainers": "alice" is an owner and a maintainer'),
    (PROJECT.replace('["alice"]', "[]"), f'{WHOSE}: key "owners": must name at least one user.'),
    (PROJECT.replace('["alice"]', '"alice"'), f'{WHOSE}: key "owners": must be a list of texts'),
    (PROJECT.replace("owners", "owner"), f'{WHOSE}: unknown key "owner" (did you mean "owners"?)'),
    (PROJECT.replace("owners", "owner"), f'{WHOSE}: the key "owners" is missing'),
    (PROJECT.replace("sampleproject", "-x-"), '[[project]] "-x-": key "name": The name \'-x-\' is not a valid'),
    (PROJECT.replace("sampleproject", "json"), "key \"name\": The name 'json' isn't allowed"),
    (PROJECT.replace("sampleproject", "exist1ng"), "key \"name\": The name 'exist1ng' is too similar"),
    (PROJECT + '[[project]]\nname = "Sample.Project"', '"Sample.Project": the key "owners" is missing'),
    (PROJECT + '[[project]]\nname = "SampleProject"\nowners = ["alice"]', 'key "name": an earlier table has this name'),
    # publishers
    (PROJECT + "[[project.publisher]]\n" + IDENTITY, f'{FIRST}: the key "provider" is missing'),
    (PUBLISHER.replace("github", "gitlub"), f'{FIRST}: key "provider": there is no provider "gitlub"'),
    (PUBLISHER + 'enviroment = "pypi"', f'{FIRST}: unknown key "enviroment" (did you mean "environment"?)'),
    (
        PUBLISHER + PUBLISHER[len(PROJECT) :] + 'colour = "red"',
        f'{WHOSE} [[project.publisher]] 2: unknown key "colour"',
    ),
    (PUBLISHER.replace('owner = "octo-org"\n', ""), f'{FIRST}: the key "owner" is missing'),
    (PUBLISHER.replace('"octo-org"', "65"), f'{FIRST}: key "owner": must be a text'),
    (PUBLISHER.replace('"octo-org"', '" "'), f'{FIRST}: key "owner": Owner is required.'),
    (PUBLISHER.replace("octo-org", "octo/org"), f'{FIRST}: key "owner": An owner\'s name holds'),
    (PUBLISHER.replace("release.yml", "release"), f'{FIRST}: key "workflow_filename": A workflow file is named'),
    (PUBLISHER + "repository_owner_id = 65", f'{FIRST}: key "repository_owner_id": must be a text'),
    (PUBLISHER + "event_names = 'push'", f'{FIRST}: key "event_names": must be a list of texts'),
    (PUBLISHER + "hosted_runner_only = 'yes'", f'{FIRST}: key "hosted_runner_only": must be true or false.'),
    (PUBLISHER + "version_tag = 'v'", f'{FIRST}: key "version_tag": Version tag must contain {{version}}'),
    (PUBLISHER + "expires = 0001-01-01T00:00:00+10:00", f'{FIRST}: key "expires": must be a date, such as'),
    (PUBLISHER + "expires = 9999-12-31T23:59:59-10:00", f'{FIRST}: key "expires": must be a date, such as'),
    (PUBLISHER + "expires = '2027'", f'{FIRST}: key "expires": must be a date, such as 2027-01-01.'),
    (PUBLISHER + "label = ''\nenabled = 'no'", f'{FIRST}: key "enabled": must be true or false.'),
    (PUBLISHER + f"label = '{'x' * 101}'", f'{FIRST}: key "label": Ensure this value has at most 100'),
    (PUBLISHER + "issuer = 'https://no'", f'{FIRST}: key "issuer": there is no issuer "https://no"; add an [[issuer]]'),
    (PUBLISHER + PUBLISHER[len(PROJECT) :], "2: This publisher is registered already: octo-org/sampleproject"),
    (
        PUBLISHER + "label = 'a'\n" + PUBLISHER[len(PROJECT) :] + "environment = 'x'\nlabel = 'a'",
        f'{WHOSE} [[project.publisher]] 2: key "label": an earlier table has this label already.',
    ),
    # pending publishers
    (PENDING.replace('user = "alice"\n', ""), f'{WAITING}: the key "user" is missing'),
    (PENDING.replace('user = "alice"', 'user = "bob"'), f'{WAITING}: key "user": there is no user "bob".'),
    (PENDING.replace('project_name = "brand-new"\n', ""), '[[pending_publisher]] 1: the key "project_name" is missing'),
    (PENDING.replace("brand-new", "existing"), "key \"project_name\": The name 'existing' is taken."),
    (PENDING.replace("brand-new", "forbidden"), "key \"project_name\": The name 'forbidden' isn't allowed"),
    (PENDING + 'name = "x"', f'{WAITING}: unknown key "name"'),
    (PENDING.replace("owner =", "owners ="), f'{WAITING}: unknown key "owners" (did you mean "owner"?)'),
]


@pytest.mark.parametrize(("text", "line"), CASES, ids=range(len(CASES)))
def test_what_is_wrong_is_said_and_nothing_is_changed(text: str | bytes, line: str, tmp_path: Path):
    other = User.objects.create_user("other")
    other.emailaddress_set.create(email="taken@example.com", verified=True)  # type: ignore[attr-defined]
    create_project("existing", owners=[other], actor=Actor("test"))
    ProhibitedName.objects.create(name="forbidden")
    events = Event.objects.count()
    (tmp_path / "empty.json").write_text('{"keys": []}')
    file = tmp_path / "file.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    errors = StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("apply", str(file), stderr=errors)
    assert left.value.code == 1
    assert any(line in said for said in errors.getvalue().splitlines()), errors.getvalue()
    assert list(User.objects.all()) == [other]
    assert Event.objects.count() == events


def test_a_missing_file_is_said(tmp_path: Path):
    errors = StringIO()
    with pytest.raises(SystemExit):
        call_command("apply", str(tmp_path / "missing.toml"), stderr=errors)
    assert errors.getvalue() == f"{tmp_path / 'missing.toml'} cannot be read: No such file or directory\n"


def test_all_errors_are_shown_at_once(tmp_path: Path):
    file = tmp_path / "file.toml"
    file.write_text(PUBLISHER + "colour = 'red'\nlabel = 1\n" + ISSUER + "enabled = 1")
    errors = StringIO()
    with pytest.raises(SystemExit):
        call_command("apply", str(file), stderr=errors)
    assert len(errors.getvalue().splitlines()) == 3
