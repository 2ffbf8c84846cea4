"""The addresses of this floor's part of the API."""

from django.urls import path

from registry.switches import works_while_read_only
from tokens.api import exchanges, mine

urlpatterns = [
    path("projects/<str:name>/exchanges/", exchanges.Exchanges.as_view(), name="api-exchanges"),
    path("projects/<str:name>/exchanges/<uuid:pk>/", exchanges.OneExchange.as_view(), name="api-exchange"),
    path("tokens/", mine.ApiTokens.as_view(), name="api-tokens"),
    # What it changes is that a token ends.
    path("tokens/<int:pk>/", works_while_read_only(mine.OneApiToken.as_view()), name="api-token"),
]
