"""Whether there is a single sign-on."""

from django import template

from registry.accounts.signon import accounts

register = template.Library()


@register.simple_tag
def has_single_sign_on() -> bool:
    """SSO_ISSUER is set."""
    return accounts.is_configured()
