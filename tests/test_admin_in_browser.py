"""The admin in a browser: readable by everybody, in light and dark, in a wide and a narrow window."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests import axe
from tests.machine import needs_chromium
from tests.test_admin_pages import fill
from tests.town import Town
from tests.windows import fits
from tokens.models import Exchange

pytestmark = [needs_chromium, pytest.mark.django_db(transaction=True)]

# What Django's markup or script does, and no style sheet of ours can change.
DJANGOS_OWN = {
    "label-title-only": "the label of the search is a picture, with an alternative text",
    "empty-table-header": "rows of a table of forms begin and end with columns that have no head",
    "aria-prohibited-attr": "the pictures beside the two boxes that permissions are moved between have a label",
}

SCHEMES = ("light", "dark")


def views(town: Town) -> list[str]:
    """One of each kind of page, with rows."""
    issuer, publisher, project = town.world.issuer, town.world.publisher, town.world.project
    return [
        reverse("admin:index"),
        reverse("admin:tokens_exchange_changelist"),
        reverse("admin:publishers_publisher_changelist") + "?q=octo-org&provider=github",
        reverse("admin:publishers_publisher_add"),
        reverse("admin:publishers_publisher_change", args=[publisher.pk]),
        reverse("admin:registry_project_change", args=[project.pk]),
        reverse("admin:registry_project_delete", args=[project.pk]),
        reverse("admin:registry_user_change", args=[town.people["alice"].pk]),
        reverse("admin:tokens_exchange_change", args=[Exchange.objects.latest("pk").pk]),
        reverse("admin:publishers_issuer_keys", args=[issuer.pk]),
        reverse("admin:publishers_issuer_try", args=[issuer.pk]),
        reverse("admin:registry_switch_changelist"),
        reverse("admin:tokens_find"),
        reverse("admin:tokens_who") + "?project=sampleproject",
        reverse("admin:tokens_revoke"),
    ]


def test_nobody_is_kept_out_by_how_it_looks(town: Town, client: Client, live_server: Any, browser: Any, settings: Any):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    fill(0, 3)
    client.force_login(town.people["boss"])
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    wrong: list[str] = []
    with browser.new_context(reduced_motion="reduce") as context:
        context.add_cookies([session])
        page = context.new_page()
        page.on("console", lambda message: wrong.append(f"{page.url}: {message.text} {message.location}"))
        page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
        for number, path in enumerate(views(town)):
            page.goto(live_server.url + path)
            # Each page in both windows and both colours, and each colour in both windows, by turns.
            for width, scheme in zip((1280, 390), SCHEMES[:: 1 - number % 2 * 2], strict=True):
                page.set_viewport_size({"width": width, "height": 900})
                page.emulate_media(color_scheme=scheme)
                wrong += [f"{path} {width} {scheme}: {said}" for said in axe.violations(page, without=DJANGOS_OWN)]
                if not fits(page):
                    wrong.append(f"{path}: wider than {width}")
    assert not wrong, "\n".join(wrong)
