"""How often one person may ask (API_RATE). Of changes it is a tenth."""

from django.conf import settings
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from registry import counting
from registry.rates import Rate

SHARE_OF_CHANGES = 10


class OfPerson(BaseThrottle):
    """Counts over all workers and over all tokens of a person. What is answered by 429 is not counted."""

    seconds = 0

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Whether this request is not one too many."""
        rate: Rate | None = settings.API_RATE
        if rate is None:
            return True
        if request.method in SAFE_METHODS:
            self.seconds = counting.spend(f"api reads {request.user.pk}", rate)
        else:
            fewer = Rate(max(1, rate.most // SHARE_OF_CHANGES), rate.seconds)
            self.seconds = counting.spend(f"api changes {request.user.pk}", fewer)
        return self.seconds == 0

    def wait(self) -> float:
        """What Retry-After says."""
        return self.seconds
