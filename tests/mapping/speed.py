"""How long the shipped mapping takes for one message, in CPU time: `python -m tests.mapping.speed`."""

import json
import time
from collections.abc import Callable, Iterator

from interface.channel.loader import load, read_files
from interface.fhir.request import read as read_request
from interface.hl7.parser import parse
from interface.ledger.noun import Identifier
from interface.ledger.reading import Reading, Said
from interface.mapping.posting import Posting
from tests.mapping.fhir_sample import ACCOUNT, ENCOUNTER, PATIENT
from tests.mapping.sample import A40, ARRIVED, DFT, NORTH, PROJECT, shipped, wire

A08 = r"""
MSH|^~\&|EPICADT|NORTH|HP24ENG|HP24|20250304091509-0600||ADT^A08^ADT_A01|N0000123|P|2.5.1|||AL|NE||UNICODE UTF-8
EVN|A08|20250304091504-0600|||REG01|20250304091500-0600
PID|1||7700123^^^NORTH&2.16.840.1.113883.3.9999.1&ISO^MR~E88001^^^ENT^PI||TESTER^MARIA^QUINN^JR^DR^^L||19800212|F|||12 ELM ST^APT 3^MADISON^WI^53703^USA^H||^PRN^CP^^1^608^5550101~^NET^Internet^maria@example.org||ENG|||9001001^^^NORTH^AN|||||||||||20250301120000-0600|N
PV1|1|I|CARD^12^A^NORTH|||ED^1^1^NORTH|9901^EXAMPLE^DOCTOR|||MED||||||||IP|5550007^^^NORTH^VN|SP||||||||||||||||01|||NORTH||AC|||20250304081000-0600|20250304090000-0600|125.50|1250.00||25.00
GT1|1|G3001^^^NORTH^GN|TESTER^MARIO^Q^^MR||12 ELM ST^APT 3^MADISON^WI^53703^USA|^PRN^CP^^1^608^5550101||19790101|M|P|SPO|||||||||||N
IN1|1|PLAN9^Example PPO|PAY77|EXAMPLE PAYER||||GRP1||||20250101|20251231||PPO|TESTER^MARIA|SEL|19800212||||1||||||||||||||XQ0001
IN1|2|PLAN3^Example HMO|PAY12|OTHER PAYER||||GRP7||||20240101|||HMO|TESTER^MARIO|SPO|19790101||||2||||||||||||||XQ0002
"""  # noqa: E501 - a segment is a line
POSTING = Posting(
    kind="payment",
    wire_id="P00000098765",
    amount_minor=12500,
    currency="USD",
    tender="visa",
    taken_at=ARRIVED,
    patient=Identifier("north", "MR", "7700123"),
    account=Identifier("north", "AN", "9001001"),
    visit=Identifier("north", "VN", "5550007"),
    family="TESTER",
    given="MARIA",
    transaction_id="TX8F2K1",
)


def micros(work: Callable[[], object], rounds: int = 1500, tries: int = 5) -> float:
    """The best mean CPU time of some tries, in microseconds."""
    best = float("inf")
    for _ in range(tries):
        began = time.process_time()
        for _ in range(rounds):
            work()
        best = min(best, (time.process_time() - began) / rounds)
    return best * 1_000_000


def values(reading: Reading) -> int:
    """How many values the rules gave."""
    nouns = (reading.patient, reading.account, reading.encounter, *reading.guarantors)
    return sum(_values(noun) for noun in nouns if noun) + len(reading.balances) + 3 * len(reading.transactions)


def _values(said: Said) -> int:
    rows = [row for values in said.groups.values() for one in values.values() if isinstance(one, list) for row in one]
    plain = [one for values in said.groups.values() for one in values.values() if not isinstance(one, list)]
    return len(said.ids) + len(plain) + sum(len(row) for row in rows)


def rows() -> Iterator[str]:
    mapping, outlet = shipped().mappings["epic"], shipped().feeds["epic"].outlets["dft"]
    yield "CPU microseconds               parse+map  map alone  values"
    for name, text in (("ADT^A08, 1 GT1, 2 IN1", A08), ("ADT^A40, 2 merges", A40), ("DFT^P03, 2 FT1", DFT)):
        raw = wire(text)
        found = mapping.read(parse(raw), NORTH, ARRIVED)
        assert isinstance(found, Reading)
        whole = micros(lambda: mapping.read(parse(raw), NORTH, ARRIVED))  # noqa: B023 - called at once
        parsing = micros(lambda: parse(raw))  # noqa: B023 - called at once
        yield f"{name:30} {whole:9.0f}  {whole - parsing:9.0f}  {values(found):6}"
    for name, resource in (
        ("FHIR Patient", PATIENT),
        ("FHIR Account, contained 2", ACCOUNT),
        ("FHIR Encounter", ENCOUNTER),
    ):
        raw, fhirr4 = json.dumps(resource).encode(), shipped().fhir["fhirr4"]
        request = read_request(raw)
        found = fhirr4.read(request, NORTH, ARRIVED)
        assert isinstance(found, Reading)
        alone = micros(lambda: fhirr4.read(request, NORTH, ARRIVED))  # noqa: B023 - called at once
        yield f"{name:30} {micros(lambda: read_request(raw)) + alone:9.0f}  {alone:9.0f}  {values(found):6}"  # noqa: B023
    rendering = micros(lambda: outlet.render(POSTING, control_id="HP0000000451", now=ARRIVED))
    yield f"{'DFT^P03 out, rendered':30} {rendering:9.0f}"
    files = read_files(PROJECT)
    yield f"{'loading the shipped files':30} {micros(lambda: load(files, {}), 3, 2) / 1000:9.1f} ms"


if __name__ == "__main__":
    print("\n".join(rows()))  # noqa: T201 - this module's purpose
