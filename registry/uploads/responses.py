"""How a refusal is said: in the body, by Accept, and in the reason phrase, which is all that twine shows."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from registry.negotiation import preferred

# The sentence of a refusal; longer ones are cut in the reason phrase only.
MAX_REASON = 200


def refusal(request: HttpRequest, status: int, sentence: str, code: str = "") -> HttpResponse:
    """A refusal. uv asks for JSON first and prints its ``code``; twine and people get plain text."""
    response: HttpResponse
    accept = request.META.get("HTTP_ACCEPT", "")
    if preferred(accept, ["text/plain", "application/json"]) == "application/json":
        body: dict[str, object] = {"message": sentence, "code": f"{status} {sentence}"}
        if code:
            body["errors"] = [{"code": code, "description": sentence}]
        response = JsonResponse(body, status=status)
    else:
        response = HttpResponse(f"{sentence}\n", status=status, content_type="text/plain; charset=utf-8")
    response.reason_phrase = reason(sentence)
    response["Cache-Control"] = "no-store"
    return response


def stored() -> HttpResponse:
    """The file is in the index."""
    return HttpResponse("", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})


def reason(sentence: str) -> str:
    """The first line as HTTP/1.1 can carry it: printable ASCII. Servers turn anything else into a 500."""
    lines = sentence.strip().splitlines() or [""]
    return "".join(letter if " " <= letter <= "~" else "?" for letter in lines[0])[:MAX_REASON]
