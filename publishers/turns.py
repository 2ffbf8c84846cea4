"""Who comes first at a place that anybody may register: nobody's many publishers hide another's few."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar

from publishers.models import Publisher

Item = TypeVar("Item")


def in_turn(items: Iterable[Item], publisher_of: Callable[[Item], Publisher]) -> list[Item]:
    """Those whose publisher uploaded, in their order; then one of each person who added some, and again, and again.

    Only who holds the place's identity tokens uploads from it; a stranger's publishers take turns with the others.
    """
    turns = Counter[int | None]()

    def turn(item: Item) -> int:
        publisher = publisher_of(item)
        if publisher.first_upload_at is not None:
            return 0
        turns[publisher.added_by_id] += 1
        return turns[publisher.added_by_id]

    return sorted(items, key=turn)
