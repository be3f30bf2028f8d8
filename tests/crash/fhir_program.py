"""A program that writes over FHIR as a good one does, and notes what it was told.

What it gives a number (X-Request-Id) it sends again with the same number and bytes; conditional creates it sends again as they are;
for the rest it looks first whether the server has it already.
"""

import time
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

from tests.crash.fhir_line import Asking, Line, Resource, Told
from tests.crash.fhir_told import Key, Notes
from tests.engine.fhir_site import account, number, patient

SHARED = ("SHARED1", "SHARED2")  # patients that all programs update, each by the version that it knows
RACES = 12  # patients that all programs create under a condition
_TRIES = 6
_STALE = 'W/"999999"'
_PROMISED_SECS = 90.0
_LOOK_SECS = 0.1


def charge(value: str, of: str, mrn: str, cents: int, **more: Any) -> Resource:
    """A charge on an account, with a number of its own."""
    return {
        "resourceType": "ChargeItem",
        "identifier": [{"system": "urn:id:WEST", "value": value}],
        "status": "billable",
        "code": {"coding": [{"code": "99213"}]},
        "subject": {"identifier": number(mrn, "MR")},
        "account": [{"identifier": number(of, "AN")}],
        "priceOverride": {"value": Decimal(cents).scaleb(-2), "currency": "USD"},
    } | more


def says(resource: Resource) -> str:
    """What a resource says that was written as one of ours."""
    if resource["resourceType"] == "Account":
        return str(resource.get("type", {}).get("text", ""))
    return str(resource["name"][0]["family"])


def found_by(number_: str) -> str:
    """The condition that finds one number."""
    return f"identifier=urn:id:WEST|{number_}"


class Program:
    """One program with a connection of its own. Each act is a method; `act` draws one."""

    def __init__(self, name: str, line: Line, notes: Notes, rng: Random) -> None:
        self._name = name
        self._line = line
        self._notes = notes
        self._rng = rng
        self._patients: dict[str, str] = {}  # number -> path
        self._accounts: dict[str, tuple[str, str]] = {}  # number -> path, patient
        self._count = 0
        self._races = 0

    def act(self) -> None:
        """One write or several that belong together, until each is answered for good."""
        kinds: list[Callable[[], None]] = [self.create, self.create_absent, self.transact, self.promise, self.leave]
        kinds += [self.race, self.share, self.share]
        if self._patients:
            kinds += [self.update, self.update, self.update_known, self.open_account, self.open_account, self.fail]
        if self._accounts:
            kinds += [self.charge, self.charge, self.charge_early, self.change_account]
        self._rng.choice(kinds)()

    def _next(self) -> str:
        self._count += 1
        return f"{self._name}{self._count:03d}"

    def _numbered(self, method: str, path: str, body: Resource, **headers: str) -> Told:
        head = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._line.until_answered(Asking(method, path, body, {**head, "x-request-id": f"id-{self._next()}"}))

    # ------------------------------------------------------------ patients of its own

    def create(self) -> None:
        """A new patient, by a plain or a conditional request with a number."""
        mrn = self._next()
        if self._rng.random() < 0.5:
            told = self._numbered("POST", "Patient", patient(mrn, mrn))
        else:
            told = self._numbered("PUT", f"Patient?{found_by(mrn)}", patient(mrn, mrn))
        if self._notes.said(("Patient", mrn), told, mrn, 201):
            self._patients[mrn] = told.path

    def create_absent(self) -> None:
        """A new patient by conditional creates, which then leave it as it is."""
        mrn = self._next()
        head = {"if-none-exist": found_by(mrn)}
        told = self._line.until_answered(Asking("POST", "Patient", patient(mrn, mrn), head))
        if self._notes.said(("Patient", mrn), told, mrn, 200, 201):
            self._patients[mrn] = told.path
            again = self._line.until_answered(Asking("POST", "Patient", patient(mrn, f"X{mrn}"), head))
            self._notes.said(("Patient", mrn), again, mrn, 200)

    def update(self) -> None:
        """A patient's new name, by a request with a number."""
        mrn, path = self._rng.choice(list(self._patients.items()))
        name = self._next()
        if self._rng.random() < 0.5:
            told = self._numbered("PUT", path, patient(mrn, name, id=path.partition("/")[2]))
        else:
            told = self._numbered("PUT", f"Patient?{found_by(mrn)}", patient(mrn, name))
        self._notes.said(("Patient", mrn), told, name, 200)

    def update_known(self) -> None:
        """A patient's new name for the version that stands; looked for before it is sent again."""
        mrn, path = self._rng.choice(list(self._patients.items()))
        name = self._next()
        self._by_version(("Patient", mrn), path, patient(mrn, name, id=path.partition("/")[2]))

    def _by_version(self, key: Key, path: str, body: Resource) -> None:
        for _ in range(_TRIES):
            known = self._line.look(path)
            if says(known.body) == says(body):  # a try without an answer was applied
                self._notes.said(key, known, says(body), 200)
                return
            head = {"if-match": f'W/"{known.version}"'}
            told = self._line.once(Asking("PUT", path, body, head))
            if not told.is_open and told.status != 412:
                if self._notes.said(key, told, says(body), 200) and told.version <= known.version:
                    self._notes.amiss(f"{path}: version {known.version} was to change, and {told.version} came of it")
                return
            time.sleep(_LOOK_SECS)
        self._numbered_end(key, path, body)

    def _numbered_end(self, key: Key, path: str, body: Resource) -> None:
        """Where nothing was answered so often: by a number, which cannot be in vain."""
        self._notes.said(key, self._numbered("PUT", path, body), says(body), 200)

    def promise(self) -> None:
        """A patient whose request is not waited for, and looked for later."""
        mrn = self._next()
        told = self._numbered("POST", "Patient", patient(mrn, mrn), prefer="respond-async")
        place = told.headers.get("content-location", "").partition("/fhir/r4/")[2]
        if told.status != 202 or not place:
            self._notes.amiss(f"Patient {mrn}, not waited for, was answered {told.words}")
            return
        give_up_at = time.monotonic() + _PROMISED_SECS
        while (fate := self._line.look(place)).status == 202 and time.monotonic() < give_up_at:
            time.sleep(_LOOK_SECS)
        said = fate.body.get("entry", [{}])[0].get("response", {}).get("status") if fate.status == 200 else fate.words
        if said != "201":
            self._notes.amiss(f"Patient {mrn}, promised, became {said}")
        self._notes.stands["Patient", mrn] = mrn

    def leave(self) -> None:
        """A patient that is not sent again once it was given back."""
        mrn = self._next()
        asking = Asking("POST", "Patient", patient(mrn, mrn), {"x-request-id": f"id-{mrn}"})
        told = self._line.once(asking)
        if told.is_given_back:
            self._notes.never.add(("Patient", mrn))
            return
        if told.is_open:
            told = self._line.until_answered(asking)
        self._notes.said(("Patient", mrn), told, mrn, 201)

    # ------------------------------------------------------------ patients of all

    def race(self) -> None:
        """One patient that all create under the same condition."""
        mrn = f"RACE{self._races % RACES}"
        self._races += 1
        name = self._next()
        head = {"if-none-exist": found_by(mrn)}
        told = self._line.until_answered(Asking("POST", "Patient", patient(mrn, name), head))
        with self._notes.lock:
            if told.status not in (200, 201):
                self._notes.wrong.append(f"{mrn} was answered {told.words}")
            self._notes.made["Patient", mrn].add(told.path)
            if told.status == 201:
                self._notes.matched["Patient", mrn].append((1, name))

    def share(self) -> None:
        """A name for a patient that others name, too: each for the version that it has seen."""
        mrn = self._rng.choice(SHARED)
        key = ("Patient", mrn)
        for _ in range(_TRIES):
            known = self._line.found("Patient", mrn)
            if not known:
                head = {"if-none-exist": found_by(mrn)}
                self._line.until_answered(Asking("POST", "Patient", patient(mrn, "NOBODY"), head))
                continue
            id_, version = known[0]["id"], int(known[0]["meta"]["versionId"])
            name = self._next()
            body = patient(mrn, name, id=id_)
            told = self._line.once(Asking("PUT", f"Patient/{id_}", body, {"if-match": f'W/"{version}"'}))
            with self._notes.lock:
                if told.status == 200:
                    self._notes.matched[key].append((told.version, name))
                    self._notes.asked[key].append(version)
                    if told.version <= version:
                        self._notes.wrong.append(f"{mrn}: version {version} was to change into {told.version}")
                    return
                if told.is_open and not told.is_given_back:
                    self._notes.unanswered[key].add(name)
                elif not told.is_open and told.status != 412:
                    self._notes.wrong.append(f"{mrn} was answered {told.words}")

    # ------------------------------------------------------------ accounts and money

    def open_account(self) -> None:
        """An account of a patient, by number or under a condition."""
        mrn, number_ = self._rng.choice(list(self._patients)), self._next()
        body = account(number_, mrn, type={"text": number_})
        if self._rng.random() < 0.5:
            told = self._numbered("POST", "Account", body)
        else:
            head = {"if-none-exist": found_by(number_)}
            told = self._line.until_answered(Asking("POST", "Account", body, head))
        if self._notes.said(("Account", number_), told, number_, 200, 201):
            self._accounts[number_] = (told.path, mrn)

    def change_account(self) -> None:
        """Another type of an account."""
        number_, (path, mrn) = self._rng.choice(list(self._accounts.items()))
        kind = self._next()
        body = account(number_, mrn, type={"text": kind}, id=path.partition("/")[2])
        if self._rng.random() < 0.5:
            self._by_version(("Account", number_), path, body)
        else:
            self._notes.said(("Account", number_), self._numbered("PUT", path, body), kind, 200)

    def charge(self) -> None:
        """Money on an account: with a number of the request, or looked for by its own before it is sent again."""
        of, (_path, mrn) = self._rng.choice(list(self._accounts.items()))
        value, cents = self._next(), self._rng.randint(1, 99_999)
        body = charge(value, of, mrn, cents)
        if self._rng.random() < 0.5:
            told = self._numbered("POST", "ChargeItem", body)
        else:
            told = self._line.until_answered(Asking("POST", "ChargeItem", body), lambda _told: self._booked(value))
        self._charged(of, value, cents, told, 200, 201)

    def charge_early(self) -> None:
        """Money that comes before its account: kept, and booked once the account is there."""
        mrn, of, value, cents = self._rng.choice(list(self._patients)), self._next(), self._next(), 777
        told = self._numbered("POST", "ChargeItem", charge(value, of, mrn, cents))
        self._charged(of, value, cents, told, 202)
        opened = self._numbered("POST", "Account", account(of, mrn, type={"text": of}))
        self._notes.said(("Account", of), opened, of, 201)

    def _booked(self, value: str) -> Told | None:
        return Told(200, {}, {}) if self._line.found("ChargeItem", value) else None

    def _charged(self, of: str, value: str, cents: int, told: Told, *statuses: int) -> None:
        if told.status not in statuses:
            self._notes.amiss(f"ChargeItem {value} was answered {told.words}")
        with self._notes.lock:
            self._notes.charged[of][value] = cents

    # ------------------------------------------------------------ all or nothing

    def transact(self) -> None:
        """A patient with an account and its charges, at once; perhaps given up where they were given back."""
        mrn, of, first, second = (self._next() for _ in range(4))
        keys = (("Patient", mrn), ("Account", of), ("ChargeItem", first), ("ChargeItem", second))
        asking = Asking("POST", "", self._bundle(mrn, of, first, second), {"x-request-id": f"id-{mrn}"})
        told = self._line.once(asking)
        if told.is_given_back and self._rng.random() < 0.5:
            self._notes.never.update(keys)
            return
        if told.is_open:
            told = self._line.until_answered(asking)
        if told.status != 200:
            self._notes.amiss(f"a transaction was answered {told.words}")
            self._notes.whole.append(keys)
            return
        for one in told.body["entry"]:
            if not one["response"]["status"].startswith("201"):
                self._notes.amiss(f"an entry of a transaction was answered {one['response']['status']}")
        with self._notes.lock:
            self._notes.stands |= {keys[0]: mrn, keys[1]: of}
            self._notes.charged[of] = {first: 1200, second: 34}

    def fail(self) -> None:
        """A transaction whose last entry is for a version that never was: nothing of it is applied."""
        known, path = self._rng.choice(list(self._patients.items()))
        mrn, of, first, second = (self._next() for _ in range(4))
        body = self._bundle(mrn, of, first, second)
        stale = patient(known, "NEVER", id=path.partition("/")[2])
        body["entry"].append({"resource": stale, "request": {"method": "PUT", "url": path, "ifMatch": _STALE}})
        told = self._numbered("POST", "", body)
        if told.status != 412:
            self._notes.amiss(f"a transaction for a version that never was, was answered {told.words}")
        self._notes.never.update((("Patient", mrn), ("Account", of), ("ChargeItem", first), ("ChargeItem", second)))

    @staticmethod
    def _bundle(mrn: str, of: str, first: str, second: str) -> Resource:
        whose, where = {"reference": "urn:uuid:p"}, {"reference": "urn:uuid:a"}
        listed = (
            ("", charge(first, "", "", 1200, subject=whose, account=[where])),
            ("urn:uuid:a", account(of, "", subject=[whose], type={"text": of})),
            ("urn:uuid:p", patient(mrn, mrn)),
            ("", charge(second, "", "", 34, subject=whose, account=[where])),
        )
        entries = [
            {"resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
            | ({"fullUrl": url} if url else {})
            for url, one in listed
        ]
        return {"resourceType": "Bundle", "type": "transaction", "entry": entries}
