"""Restrictions as the standard carries them: PD1-12 for the patient, PV1-16 for the visit, a site's own place for the account."""

import pytest

from tests.mapping.sample import A04, as_event, read, site, with_field


def with_pd1(content: str) -> str:
    return A04.strip().replace("\nPV1", f"\nPD1{'|' * 12}{content}\nPV1")


@pytest.mark.parametrize(("content", "said"), [("Y", True), ("N", False), ('""', None)])
def test_the_protection_indicator_is_the_patients(content: str, said: bool | None) -> None:
    patient = read(with_pd1(content)).patient
    assert patient is not None
    assert patient.groups["privacy"] == {"protected": said}


@pytest.mark.parametrize(("content", "said"), [("VIP", True), ("1", True), ("N", False), ("0", False)])
def test_whatever_stands_in_the_vip_indicator_restricts_but_for_a_plain_no(content: str, said: bool) -> None:
    visit = read(with_field(A04, "PV1-16", content)).encounter
    assert visit is not None
    assert visit.groups["privacy"] == {"confidential": said}


def test_without_one_nothing_is_said() -> None:
    visit = read(A04).encounter
    assert visit is not None
    assert "privacy" not in visit.groups


@pytest.mark.parametrize(("content", "said"), [("SELFPAY", True), ("PPO", False)])
def test_a_site_names_its_own_place_for_what_an_insurer_must_not_hear(content: str, said: bool) -> None:
    mapping = site(
        "identifiers:\n  patient: PID-3[.5 = 'MR']\n  account: PID-18\naccount:\n  restricted: ZAC-4 = 'SELFPAY'\n"
    )
    account = read(as_event(f"{A04.strip()}\nZAC||||{content}", "ADT^A08"), mapping=mapping).account
    assert account is not None
    assert account.groups["privacy"] == {"restricted": said}
