"""EMAIL_URL, as mail servers are usually written."""

import pytest

from registry import env

URLS = {
    "smtp://mail.example.com:25": ("mail.example.com", 25, False, False),
    "smtp+tls://alice:pass@mail.example.com:587": ("mail.example.com", 587, True, False),
    "smtps://alice:pass@mail.example.com:465": ("mail.example.com", 465, False, True),
}


@pytest.mark.parametrize("url", URLS)
def test_the_address_of_a_mail_server_says_how_it_speaks_tls(monkeypatch: pytest.MonkeyPatch, url: str):
    monkeypatch.setenv("EMAIL_URL", url)
    config = env.mail("EMAIL_URL", "consolemail://")
    starttls, tls = config.get("EMAIL_USE_TLS", False), config.get("EMAIL_USE_SSL", False)
    assert (config["EMAIL_HOST"], config["EMAIL_PORT"], starttls, tls) == URLS[url]
