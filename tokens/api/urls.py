"""The addresses of this floor's part of the API."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
