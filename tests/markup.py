"""HTML as tests look at it: whether it is well-formed, what stands in it, where it leads."""

from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
SILENT = {"style", "script", "title"}


class Markup(HTMLParser):
    """A page, read. Raises AssertionError at an element that is not closed in its turn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> without a beginning"
        assert self.open[-1] == tag, f"</{tag}> within <{self.open[-1]}>"
        self.open.pop()
        if tag in {"p", "li", "h1"}:
            self.words += "\n"

    def handle_data(self, data: str) -> None:
        if not SILENT & set(self.open):
            self.words += data

    @property
    def lines(self) -> list[str]:
        """What people read, without the spaces between elements."""
        return [" ".join(line.split()) for line in self.words.splitlines() if line.strip()]

    @property
    def links(self) -> list[str]:
        """Where it leads."""
        return [attributes["href"] or "" for tag, attributes in self.elements if tag == "a"]
