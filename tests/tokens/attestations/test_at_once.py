"""Two jobs upload one file at the same moment; and what a process loads that sees no attestation."""

import json
import subprocess
import sys
import threading

from django.db import connections
from django.test import Client

from registry.models import File
from tests.registry.uploads import making
from tests.tokens.attestations.conftest import WHEEL
from tokens.models import Attested, Provenance


def test_the_attestations_of_one_of_them_stay(desk):
    offered = [[desk.attest()] for _ in range(4)]
    tokens = [desk.token() for _ in offered]
    answers: list[int] = []
    barrier = threading.Barrier(len(offered))

    def upload(token, attestations):
        form = making.form(desk.content, WHEEL, attestations=json.dumps(attestations))
        barrier.wait()
        answers.append(making.upload(Client(), token, form).status_code)
        connections.close_all()

    threads = [threading.Thread(target=upload, args=pair) for pair in zip(tokens, offered, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {200, 503}
    assert 200 in answers
    assert File.objects.get().attested
    kept = Attested.objects.get()
    assert kept.provenance == Provenance.objects.get()
    assert kept.document["attestation_bundles"][0]["attestations"] in offered


def test_a_process_without_attestations_does_not_load_what_verifies_them():
    # What the server does before it serves, and one request.
    script = (
        "import tests.environment, sys, django\n"
        "from django.core.handlers.wsgi import WSGIHandler\n"
        "import registry.wsgi\n"
        "from django.urls import get_resolver\n"
        "get_resolver().url_patterns\n"
        "from tokens.attestations import accepting, reading\n"
        "heavy = {'sigstore', 'pydantic', 'pypi_attestations', 'tuf', 'rich'}\n"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "registry.settings"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
