"""Pages as they were rendered last. To list a hundred files takes a hundred times as long as to send the list."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

MIB = 1024 * 1024


class Rendered:
    """Remembers pages of ``limit`` bytes in all, those that were asked for last; of one process.

    A page is found by what it depends on. Nothing needs to be forgotten when a project changes: its next page is
    another one.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self.pages: OrderedDict[Hashable, bytes] = OrderedDict()
        self.lock = threading.Lock()

    def page(self, of: Hashable, render: Callable[[], str]) -> bytes:
        """The page that depends on ``of``, rendered if it is not remembered."""
        with self.lock:
            if of in self.pages:
                self.pages.move_to_end(of)
                return self.pages[of]
        page = render().encode()
        self._remember(of, page)
        return page

    def _remember(self, of: Hashable, page: bytes) -> None:
        with self.lock:
            if of in self.pages or len(page) > self.limit // 4:
                return
            self.pages[of] = page
            self.size += len(page)
            while self.size > self.limit:
                _, oldest = self.pages.popitem(last=False)
                self.size -= len(oldest)


DETAILS = Rendered(16 * MIB)
