"""Invented messages, and the way to the corpus of other people's messages."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ADT_A01 = (
    b"MSH|^~\\&|EPICADT|NORTH|HP24ENG|HP24|20250304091500-0600||ADT^A01^ADT_A01|N000123|P|2.5.1|||AL|NE||UNICODE UTF-8\r"
    b"EVN|A01|20250304091455-0600|||REG01^CLERK^ANN|20250304091000-0600\r"
    b"PID|1||7700123^^^NORTH&2.16.840.1.113883.3.9999.1&ISO^MR~E88001^^^ENT^PI||TESTER^MARIA^Q||19800212|F||2106-3|"
    b"12 ELM ST^^MADISON^WI^53703^USA||^PRN^CP^^1^608^5550101~^NET^Internet^maria@example.org|^WPN^PH^^1^608^5550102|"
    b"en|M|CHR|9001001^^^NORTH^AN|||||||||||||N\r"
    b"PD1|||NORTH CLINIC^^1001|4401^SAMPLE^PAT^^^DR\r"
    b"NK1|1|TESTER^JON|SPO|12 ELM ST^^MADISON^WI^53703|^PRN^PH^^1^608^5550103\r"
    b"PV1|1|I|4EAST^412^A^NORTH||||4402^SAMPLE^ALEX|4403^SAMPLE^KIM||MED||||1|||4402^SAMPLE^ALEX|IN|"
    b"5550007^^^NORTH^VN|SP||||||||||||||||||||||||20250304091000-0600\r"
    b"GT1|1|G3001^^^NORTH^GN|TESTER^MARIA^Q||12 ELM ST^^MADISON^WI^53703|^PRN^CP^^1^608^5550101|||F||SEL\r"
    b"IN1|1|PLAN9^Example PPO|PAY77|EXAMPLE PAYER|PO BOX 9^^MADISON^WI^53703||^WPN^PH^^1^608^5550199|GRP1||||20250101|||"
    b"PPO|TESTER^MARIA|SEL|19800212|12 ELM ST^^MADISON^WI^53703\r"
    b"ZPM|1|HAR9001001|20250304|Y\r"
)

FIELDS_READ = (
    *("MSH-3", "MSH-4", "MSH-7", "MSH-9.1", "MSH-9.2", "MSH-10", "MSH-11", "MSH-12", "EVN-2", "EVN-6"),
    *("PID-3.1", "PID-3.4.1", "PID-3.4.2", "PID-3.5", "PID-3[2].1", "PID-5.1", "PID-5.2", "PID-5.3", "PID-7", "PID-8"),
    *("PID-11.1", "PID-11.3", "PID-11.4", "PID-11.5", "PID-13.6", "PID-13.7", "PID-18.1", "PID-18.4.1", "PV1-2"),
    *("PV1-3.1", "PV1-3.2", "PV1-3.4", "PV1-7.1", "PV1-18", "PV1-19.1", "PV1-44", "GT1-2.1", "GT1-3.1", "GT1-3.2"),
    *("GT1-5.1", "GT1-5.5", "GT1-11", "IN1-2.1", "IN1-3.1", "IN1-4.1", "IN1-8", "IN1-16.1", "ZPM-2"),
)
"""48 reads, as a mapping of an admission makes them."""


def corpus() -> Iterator[Path]:
    """Every file of the corpus that may hold HL7 v2; the test is skipped where there is none."""
    root = Path(os.environ.get("HP24_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
    if not root.is_dir():
        pytest.skip("no corpus here; HP24_CORPUS names its folder")
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix not in (".json", ".csv", ".md"):
            yield path
