"""``/api/v1/tokens/``: the API tokens of the person who asks. None is created here."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.access import PersonsView
from tokens.api.serializers import ApiTokenSerializer
from tokens.models import ApiToken
from tokens.revoking import revoke_api_token

NO_TOKEN = "You have no API token of this id."  # noqa: S105  a sentence
REASON = "Revoked by its user, over the API."


class OfPerson(PersonsView[ApiToken]):
    """Those of the token's person, this one among them."""

    queryset = ApiToken.objects.all()
    serializer_class = ApiTokenSerializer

    def get_queryset(self) -> QuerySet[ApiToken]:
        """The person's."""
        return super().get_queryset().filter(user=self.person).select_related("user").prefetch_related("projects")

    def one(self, pk: int) -> ApiToken:
        """One of them. Raises NotFound."""
        token = self.get_queryset().filter(pk=pk).first()
        if token is None:
            raise NotFound(NO_TOKEN)
        return token


class ApiTokens(OfPerson):
    """``tokens/``."""

    @extend_schema(operation_id="tokens_list", responses=ApiTokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The API tokens of the token's person, also dead ones, the newest first."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(ApiTokenSerializer(page, many=True).data)


class OneApiToken(OfPerson):
    """``tokens/ID/``."""

    @extend_schema(operation_id="tokens_retrieve", responses=ApiTokenSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """An API token."""
        return Response(ApiTokenSerializer(self.one(pk)).data)

    @extend_schema(operation_id="tokens_destroy", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Revoke an API token, for good. It stays in the list."""
        revoke_api_token(self.one(pk), REASON, self.actor)
        return Response(status=204)
