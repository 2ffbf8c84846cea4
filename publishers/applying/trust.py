"""Brings the issuers to what an apply file says."""

from pathlib import Path
from typing import Any

from publishers import issuers
from publishers.applying.keys import Table
from publishers.applying.runs import Run, differences
from publishers.issuers import COLUMNS, IssuerForm
from publishers.jwk import BadKeySet
from publishers.models import Issuer
from publishers.namedclaims import ClaimsInUse
from publishers.providers import PROVIDERS
from registry import strictjson


def bring_issuers(tables: list[Table], folder: Path, run: Run) -> None:
    """Add and change issuers. What a table omits stays as it is."""
    for table in tables:
        issuer = Issuer.objects.filter(url=table["url"]).first()
        if issuer is not None and issuer.provider != table["provider"]:
            run.errors.add(table.where, f'never changes: the issuer was added as "{issuer.provider}".', "provider")
            continue
        saved = _bring(issuer, table, folder, run)
        if saved is not None and "jwks_file" in table.values:
            _bring_keys(saved, table, folder, run)


def _bring(issuer: Issuer | None, table: Table, folder: Path, run: Run) -> Issuer | None:
    before = issuers.in_words(issuer) if issuer else _unsaid(table)
    data = {**before, **table.only(COLUMNS)}
    if data.get("ca_file"):
        data["ca_file"] = str((folder / data["ca_file"]).resolve())
    form = IssuerForm(data, instance=issuer)
    try:
        saved = form.is_valid() and issuers.save(form, run.actor)
    except ClaimsInUse as refused:
        form.add_error("identity_claims", str(refused))
    if form.errors:
        run.refuse(table, form, {})
        return None
    if saved:
        after = issuers.in_words(form.instance)
        run.say(
            f"change issuer {form.instance.url}: {differences(before, after)}"
            if issuer
            else f"add issuer {form.instance.url} ({form.instance.kind.label})"
        )
    return form.instance


def _unsaid(table: Table) -> dict[str, Any]:
    """What a new issuer is where the table does not say it."""
    kind = PROVIDERS[table["provider"]]
    api_url = kind.default_api_url if table["url"] == kind.default_issuer else ""
    return {"enabled": True, "algorithms": ["RS256"], "api_url": api_url}


def _bring_keys(issuer: Issuer, table: Table, folder: Path, run: Run) -> None:
    try:
        document = strictjson.parse((folder / table["jwks_file"]).read_bytes())
        if issuers.paste_keys(issuer, document, run.actor):
            run.say(f"paste the keys of issuer {issuer.url}: {', '.join(sorted(issuer.keys))}")
    except (OSError, ValueError) as wrong:
        run.errors.add(table.where, _why(wrong), "jwks_file")


def _why(wrong: Exception) -> str:
    if isinstance(wrong, OSError):
        return f"the file cannot be read: {wrong.strerror}."
    if isinstance(wrong, BadKeySet):
        return str(wrong)
    return f"the file is not JSON: {wrong}."
