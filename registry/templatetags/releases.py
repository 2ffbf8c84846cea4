"""What pages ask of a version."""

from django import template

from registry import versions

register = template.Library()
register.filter("is_prerelease", versions.is_prerelease)
