"""Messages as Hypothesis makes them: a model of nested lists, and the ER7 that it stands for."""

from hypothesis import strategies as st

from interface.hl7.delimiters import Delimiters

Model = list[tuple[str, list[list[list[list[str]]]]]]
"""Segments by name, with fields, repetitions, components, subcomponents."""

PUNCTUATION = "!#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
plain = st.text(st.characters(codec="ascii", exclude_characters="|^~\\&\r\n", exclude_categories=["Cc"]), max_size=8)
names = st.from_regex(r"[A-Z][A-Z0-9]{2}", fullmatch=True).filter(lambda name: name not in ("MSH", "FHS", "BHS"))

components = st.lists(plain, min_size=1, max_size=3)
repetitions = st.lists(components, min_size=1, max_size=4)
fields = st.lists(repetitions, min_size=1, max_size=3)
segments = st.tuples(names, st.lists(fields, min_size=1, max_size=6))
messages = st.lists(segments, max_size=6)

delimiters = st.permutations(PUNCTUATION).map(lambda drawn: Delimiters(*drawn[:5]))


def er7(message: Model) -> str:
    """The model as a message in the usual delimiters: field, repetition, component, subcomponent."""
    lines = ["MSH|^~\\&|A|B|C|D|20250304||ADT^A08|1|P|2.5.1"]
    for name, field_models in message:
        written = ("~".join("^".join("&".join(c) for c in r) for r in field) for field in field_models)
        lines.append("|".join([name, *written]))
    return "".join(line + "\r" for line in lines)
