"""The addresses of these pages."""

from django.urls import path

from tokens.pages import exchanges

urlpatterns = [
    path("manage/project/<str:name>/exchanges/", exchanges.exchanges, name="manage-exchanges"),
    path("manage/project/<str:name>/exchanges/<uuid:exchange>/", exchanges.exchange, name="manage-exchange"),
]
