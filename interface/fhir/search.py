"""A search as it is asked for (R4 section 3.1.1), read against what is served. Pure: it finds nothing by itself."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from interface.fhir.outcome import Issue, IssueCode, RefusedError
from interface.fhir.served import SERVED, Kind, Parameter

MOST = 200  # entries on a page, at most
USUAL = 50
CURSOR = "_cursor"  # of the links that we give; opaque to clients
_PAGING = ("_count", CURSOR)
_MOST_DIGITS = 32
_TOTALS = ("none", "estimate", "accurate")
_COSMETIC = ("_format", "_pretty")  # said of how, not of what; JSON is all there is
_ID = re.compile(r"[A-Za-z0-9.\-]{1,64}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})")
_PREFIXES = ("eq", "ge", "gt", "le", "lt")
_MICROS = 1_000_000


@dataclass(slots=True)
class Search:
    """What is looked for. Lists of lists: all of the outer one must hold, any of the inner one will do."""

    type: str
    count: int = USUAL
    beyond_id: int = 0
    ids: list[str] | None = None
    tokens: list[list[tuple[str | None, str]]] = field(default_factory=list)  # system (None: any), value
    names: list[list[str]] = field(default_factory=list)
    birth_dates: list[str] = field(default_factory=list)
    owners: dict[str, list[str]] = field(default_factory=dict)  # type -> ids, any of them
    states: list[str] | None = None
    updated_from: int = 0
    updated_until: int | None = None
    includes: list[str] = field(default_factory=list)
    elements: tuple[str, ...] = ()  # to be shown, beside what must be; empty: all
    is_count: bool = False  # nothing but the number is asked for
    has_total: bool = False
    used: list[tuple[str, str]] = field(default_factory=list)  # parameters that were taken, for the links
    ignored: list[str] = field(default_factory=list)

    def link(self, base: str, beyond_id: int | None = None) -> str:
        """The address of this page, or of the one beyond a row."""
        at = self.beyond_id if beyond_id is None else beyond_id
        query = [*self.used, ("_count", str(self.count)), *([(CURSOR, str(at))] if at else [])]
        return f"{base}/{self.type}?{urlencode(query)}"


def search(type_: str, query: Iterable[tuple[str, str]], *, is_strict: bool = False) -> Search:
    """Read a query.

    Parameters that are not served are left out and told, or refused where `is_strict` (`Prefer: handling=strict`).
    Errors: RefusedError 400, which names each parameter that cannot be used and why.
    """
    served, found, issues = SERVED[type_], Search(type_), list[Issue]()
    for name, text in query:
        bare, _, modifier = name.partition(":")
        try:
            if name in _COSMETIC:
                continue
            if name in _PAGING:
                _page(found, name, text)
            elif name in ("_summary", "_total", "_elements"):
                _extent(found, name, text, is_strict=is_strict)
            elif name == "_include":
                _include(found, text)
            elif bare not in served.parameters or modifier:
                _leave_out(found, name, is_strict=is_strict)
            else:
                _take(found, bare, served.parameters[bare], text)
                found.used.append((name, text))
        except RefusedError as refused:
            issues += refused.issues
    if served.needs and not any(name in served.needs for name, _ in found.used):
        wanted = " or ".join(served.needs)
        issues.append(_issue(type_, f"{type_} is searched by {wanted}", IssueCode.TOO_COSTLY))
    if issues:
        raise RefusedError(400, *issues)
    return found


def elements(text: str) -> tuple[str, ...]:
    """The elements that `_elements` names."""
    return tuple(name for one in text.split(",") if (name := one.strip()))


def _issue(name: str, text: str, code: IssueCode = IssueCode.VALUE) -> Issue:
    return Issue(code, text, f"http.{name}")


def _wrong(name: str, text: str) -> RefusedError:
    return RefusedError(400, _issue(name, text))


def _page(found: Search, name: str, text: str) -> None:
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        raise _wrong(name, f"{name} takes a whole number")
    if name == CURSOR:
        found.beyond_id = int(text)
    else:
        found.count = min(int(text), MOST)
        found.is_count |= not found.count  # R4 section 3.1.1.5.3: the same as _summary=count


def _extent(found: Search, name: str, text: str, *, is_strict: bool) -> None:
    """How much of what is found is shown."""
    match name, text:
        case "_summary", "count":
            found.is_count = True
        case "_summary", "false":
            pass
        case "_summary", _:
            _leave_out(found, name, is_strict=is_strict)
        case "_total", _ if text in _TOTALS:
            found.has_total = text != "none"
            found.used.append((name, text))
        case "_elements", _ if text:
            found.elements = elements(text)
            found.used.append((name, text))
        case _:
            raise _wrong(name, f"{name} takes {', '.join(_TOTALS)}" if name == "_total" else f"{name} has no value")


def _include(found: Search, text: str) -> None:
    source, _, name = text.partition(":")
    known = SERVED[found.type].includes
    if source != found.type or name not in known:
        can = ", ".join(f"{found.type}:{one}" for one in known) or "nothing"
        raise _wrong("_include", f"a search of {found.type} can include {can}")
    found.includes.append(name)
    found.used.append(("_include", text))


def _leave_out(found: Search, name: str, *, is_strict: bool) -> None:
    if is_strict:
        can = ", ".join(SERVED[found.type].parameters)
        raise RefusedError(
            400, _issue(name, f"{found.type} is not searched by {name[:64]}; it is by {can}", IssueCode.NOT_SUPPORTED)
        )
    found.ignored.append(name[:64])


def _take(found: Search, name: str, parameter: Parameter, text: str) -> None:
    options = [option for option in _options(text) if option]
    if not options:
        raise _wrong(name, f"{name} has no value")
    match parameter.kind:
        case Kind.REFERENCE:
            ids = [_referred(name, option, parameter.target) for option in options]
            known = found.owners.get(parameter.target)
            found.owners[parameter.target] = ids if known is None else [one for one in known if one in ids]
        case Kind.STRING:
            found.names.append(options)
        case Kind.DATE if name == "birthdate":
            found.birth_dates = _days(name, options, found.birth_dates)
        case Kind.DATE:
            _window(found, name, options)
        case Kind.TOKEN:
            _token(found, name, options)


def _options(text: str) -> list[str]:
    """A comma is an alternative, unless a backslash stands before it (R4 section 3.1.1.4.0.1)."""
    parts = re.split(r"(?<!\\),", text)
    return [re.sub(r"\\([,$|\\])", r"\1", part) for part in parts]


def _token(found: Search, name: str, options: Sequence[str]) -> None:
    if name == "_id":
        known = found.ids
        found.ids = list(options) if known is None else [one for one in known if one in options]
    elif name == "status":
        codes = [option.rpartition("|")[2] for option in options]
        known = found.states
        found.states = codes if known is None else [one for one in known if one in codes]
    else:
        pairs = (option.rpartition("|") for option in options)
        found.tokens.append([(system if bar else None, value) for system, bar, value in pairs if value])


def _referred(name: str, text: str, target: str) -> str:
    type_, _, id_ = text.rpartition("/")
    if type_.rpartition("/")[2] not in ("", target) or not _ID.fullmatch(id_):
        raise _wrong(name, f"{name} takes a reference to a {target} of this server: {target}/ID")
    return id_


def _days(name: str, options: Sequence[str], known: list[str]) -> list[str]:
    days = [option.removeprefix("eq") for option in options]
    if not all(_DAY.fullmatch(day) for day in days):
        raise _wrong(name, f"{name} takes a day, YYYY-MM-DD, and no prefix but eq")
    return days if not known else [day for day in known if day in days] or ["none"]


def _window(found: Search, name: str, options: Sequence[str]) -> None:
    prefix, text = (options[0][:2], options[0][2:]) if options[0][:2] in _PREFIXES else ("eq", options[0])
    span = _span(text)
    if len(options) > 1 or span is None:
        raise _wrong(name, f"{name} takes one of {', '.join(_PREFIXES)} and a day or a time with its offset")
    first, beyond = span
    if prefix in ("eq", "ge"):
        found.updated_from = max(found.updated_from, first)
    if prefix == "gt":
        found.updated_from = max(found.updated_from, beyond)
    until = {"eq": beyond, "le": beyond, "lt": first}.get(prefix)
    if until is not None:
        found.updated_until = until if found.updated_until is None else min(found.updated_until, until)


def _span(text: str) -> tuple[int, int] | None:
    """The microseconds that a day, or a time of some precision, stands for: from, and up to."""
    try:
        if _DAY.fullmatch(text):
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return _micros(day), _micros(day + timedelta(days=1))
        if not (shape := _TIME.fullmatch(text)):
            return None
        at = _micros(datetime.fromisoformat(text.replace("Z", "+00:00")))
    except (ValueError, OverflowError):
        return None
    size = 60 * _MICROS if not shape[1] else _MICROS if not shape[2] else 10 ** max(0, 7 - len(shape[2]))
    return at, at + size


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
