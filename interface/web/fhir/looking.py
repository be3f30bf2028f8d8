"""What a client is shown of a search, also of one that stands in a Bundle. Blocking: to be called on a thread."""

from typing import Any
from urllib.parse import parse_qsl, unquote

from interface.fhir.bundle import searchset, subset
from interface.fhir.outcome import Issue, IssueCode, RefusedError
from interface.fhir.scope import Right
from interface.fhir.search import Search, search
from interface.fhir.served import SERVED
from interface.fhir.text import Resource
from interface.operate.act import By
from interface.view.token import TokenRow
from interface.web.fhir.door import Door, by_token
from interface.web.fhir.reading import Reading

_MOST_FIELDS = 100


class Looking:
    """Answers what is asked for by an address."""

    def __init__(self, reading: Reading, door: Door) -> None:
        self._reading = reading
        self._door = door

    def searched(self, token: TokenRow, by: By, asked: Search, base: str) -> dict[str, Any]:
        """One page of a search as a Bundle. RefusedError 403 for what it includes and the token may not read."""
        for name in asked.includes:
            self._door.may(token, Right.READ, SERVED[asked.type].includes[name])
        total = self._reading.count(by, asked) if asked.is_count or asked.has_total else None
        if asked.is_count:
            if total is None:
                text = "there are too many to be counted by what is asked for; ask for less, or page through them"
                raise RefusedError(400, Issue(IssueCode.TOO_COSTLY, text))
            return searchset(asked, base, total=total)
        page = self._reading.search(by, asked)
        included = self._reading.included(by, asked, page.resources)
        if page.beyond_id is None and not asked.beyond_id:
            total = len(page.resources)
        shown = [subset(one, asked.elements) for one in page.resources]
        return searchset(asked, base, shown, included, beyond_id=page.beyond_id, total=total)

    def looked_at(self, token: TokenRow, url: str, base: str) -> Resource:
        """What an entry of a Bundle asks to see: TYPE/ID, or a search."""
        path, _, query = url.removeprefix(base).strip("/").partition("?")
        type_, _, id_ = unquote(path).partition("/")
        self._door.may(token, Right.READ if id_ else Right.SEARCH, type_)
        if not id_:
            given = _given(query)
            return self.searched(token, by_token(token), search(type_, given, is_strict=False), base)
        found = self._reading.read(by_token(token), type_, id_)
        if found is None:
            raise RefusedError(404, Issue(IssueCode.NOT_FOUND, f"there is no {type_} with this id"))
        return found


def _given(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        text = f"a search has {_MOST_FIELDS} parameters at most"
        raise RefusedError(400, Issue(IssueCode.TOO_COSTLY, text, "request.url")) from None
