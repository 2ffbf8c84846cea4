"""Counts what a person does at a page: a stopwatch in clicks, not in seconds, so that every machine agrees."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import Locator, Page, expect


@dataclass
class Stopwatch:
    """Somebody at ``page``, who sees labels and buttons only. ``taken`` is what they did, in words."""

    page: Page
    taken: list[str] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Clicks, sent forms and pastes; what is typed or chosen between them is in ``typed``."""
        return len(self.taken)

    def follow(self, name: str, within: Locator | None = None) -> None:
        """Click a link; there must be just one of that name."""
        self._click(within, "link", name)

    def press(self, name: str, within: Locator | None = None) -> None:
        """Click a button."""
        self._click(within, "button", name)

    def paste(self, label: str, text: str) -> None:
        """Put ``text`` into the clipboard, and press Control and V in a field."""
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page.evaluate("text => navigator.clipboard.writeText(text)", text)
        field = self.page.get_by_label(label, exact=True)
        field.focus()
        self.page.keyboard.press("Control+V")
        assert field.input_value() == text.strip()
        self.taken.append(f"paste into {label}")

    def type(self, label: str, text: str, within: Locator | None = None) -> None:
        """Fill in a field."""
        whole = re.compile(f"^{re.escape(label)}:?$")  # Django's labels end with a colon
        (within or self.page).get_by_label(whole).fill(text)
        self.typed.append(label)

    def sees(self, *texts: str) -> None:
        """Each of the texts stands on the page, visibly."""
        for text in texts:
            expect(self.page.get_by_role("main").get_by_text(text).first).to_be_visible()

    def never_sees(self, *texts: str) -> None:
        """None of the texts does."""
        for text in texts:
            expect(self.page.get_by_role("main").get_by_text(text)).to_have_count(0)

    def row(self, text: str) -> Locator:
        """The rows of tables with a text."""
        return self.page.get_by_role("main").get_by_role("row").filter(has_text=text)

    def _click(self, within: Locator | None, role: str, name: str) -> None:
        # By the whole name, so that a second thing of a like name would not be taken for it.
        (within or self.page).get_by_role(role, name=name, exact=True).click()  # type: ignore[arg-type]
        self.page.wait_for_load_state()
        self.taken.append(f"{role} {name}")
