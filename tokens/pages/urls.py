"""The addresses of these pages."""

from django.urls import path

from tokens.pages import apitokens, exchanges

urlpatterns = [
    path("manage/project/<str:name>/exchanges/", exchanges.exchanges, name="manage-exchanges"),
    path("manage/project/<str:name>/exchanges/<uuid:exchange>/", exchanges.exchange, name="manage-exchange"),
    path("manage/account/token/", apitokens.tokens, name="manage-tokens"),
    path("manage/account/token/add/", apitokens.create, name="manage-token-add"),
    path("manage/account/token/<int:token>/revoke/", apitokens.revoke, name="manage-token-revoke"),
]
