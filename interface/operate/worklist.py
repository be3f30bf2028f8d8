"""The one list of what waits for a person."""

from interface.errors import ActRefusedError
from interface.operate.act import By, acting, need_reason, unknown
from interface.ports import Store
from interface.view.work import WorkItemRow

PAGE = 500


def worklist(store: Store, *, with_closed: bool = False, beyond_id: int = 0) -> list[WorkItemRow]:
    """One page of items, oldest first. Items name causes and ids, never values: looking at the list is no look at content."""
    with store.snapshot() as reader:
        return reader.work_items(only_open=not with_closed, beyond_id=beyond_id, limit=PAGE)


def item(store: Store, item_id: int) -> WorkItemRow:
    """One item with its history; ActRefusedError `not-found`."""
    with store.snapshot() as reader:
        found = reader.work_item(item_id)
    if found is None:
        raise unknown("work item", item_id)
    return found


def close(store: Store, by: By, item_id: int) -> None:
    """Close an item that was judged and needs nothing more.

    Errors: ActRefusedError `reason-missing`, `not-found`, `already-closed`.
    """
    need_reason(by, "close")
    item(store, item_id)
    with acting(store, by, "close", f"work item:{item_id}") as turn:
        if not turn.close_work_item(item_id, by.reason, by.actor):
            raise ActRefusedError("already-closed", "this item is closed", place=f"work item:{item_id}")
