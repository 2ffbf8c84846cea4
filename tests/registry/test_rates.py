"""How a rate is written, and the setting that holds one."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from registry import env
from registry.rates import MOST, Rate
from tests.server import ROOT
from tests.test_repository import told as told_in_the_example


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("120/min", Rate(120, 60)),
        ("120/m", Rate(120, 60)),
        ("120/minute", Rate(120, 60)),
        ("1/s", Rate(1, 1)),
        ("7/sec", Rate(7, 1)),
        ("7/second", Rate(7, 1)),
        ("5/h", Rate(5, 3600)),
        ("5/hour", Rate(5, 3600)),
        ("1000/d", Rate(1000, 86400)),
        ("1000/day", Rate(1000, 86400)),
        (f"{MOST}/min", Rate(MOST, 60)),
    ],
)
def test_a_rate_is_a_number_for_a_span(text: str, rate: Rate):
    assert Rate.parse(text) == rate
    assert Rate.parse(str(rate)) == rate


WRONG = [
    "",
    "120",
    "/min",
    "120/",
    "120/fortnight",
    "120/mins",
    "120/MIN",
    "120 / min",
    "120/min ",
    "-1/min",
    "+1/min",
    "1.5/min",
    "1e3/min",
    "0/min",
    "012/min",
    "١٢٠/min",
    f"{MOST + 1}/min",
    "9" * 5000 + "/min",
    "120/60",
    "120/min/min",
    "120/min\n",
    "off",
]


@pytest.mark.parametrize("text", WRONG)
def test_anything_else_is_none(text: str):
    with pytest.raises(ValueError):
        Rate.parse(text)


def test_as_a_setting_zero_is_no_limit(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOME_RATE", "0")
    assert env.rate("SOME_RATE", "120/min") is None
    monkeypatch.setenv("SOME_RATE", " ")
    assert env.rate("SOME_RATE", "120/min") == Rate(120, 60)


@pytest.mark.parametrize("text", ["00", "120", "0/min", "none", "false"])
def test_a_setting_that_is_no_rate_is_named(monkeypatch: pytest.MonkeyPatch, text: str):
    monkeypatch.setenv("SOME_RATE", text)
    with pytest.raises(ImproperlyConfigured, match=rf"^SOME_RATE must be .* not '{text}'$"):
        env.rate("SOME_RATE", "120/min")


def test_without_the_setting_the_limit_is_on():
    code = "from django.conf import settings; print(settings.MINT_RATE)"
    environment = {**os.environ, "MINT_RATE": "", "DJANGO_SETTINGS_MODULE": "registry.settings"}
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == told_in_the_example()["MINT_RATE"] == "120/min"
