"""How pages say when something happened."""

import datetime

from django import template
from django.utils.timesince import timesince

register = template.Library()


@register.filter
def ago(moment: datetime.datetime) -> str:
    """``3 days ago``, in the largest unit; ``just now`` within the first minute."""
    words = timesince(moment, depth=1)
    return "just now" if words.startswith("0") else f"{words} ago"
