"""The addresses of what people look after."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
