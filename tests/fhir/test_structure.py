"""The table of elements against the models of fhir.resources: R4B, whose elements are those of R4 for these resources."""

import pytest
from fhir.resources.R4B import get_fhir_model_class

from interface.fhir.structure import elements, is_primitive, resources


@pytest.mark.parametrize("type_", sorted(set(elements()) - {"Resource"}))
def test_every_element_is_one_of_the_standard(type_: str) -> None:
    model = get_fhir_model_class(type_)
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    for name, element in elements()[type_].items():
        for key in element.keys:
            assert key in fields, f"{type_} has no {key}"
            assert ("List[" in str(fields[key].annotation)) is element.is_list, f"{type_}.{name}"


@pytest.mark.parametrize("type_", sorted(resources()))
def test_no_element_of_these_resources_is_missing(type_: str) -> None:
    model = get_fhir_model_class(type_)
    known = {key for element in elements()[type_].values() for key in element.keys}
    wanted = {
        field.alias or name
        for name, field in model.model_fields.items()
        if (field.json_schema_extra or {}).get("element_property")  # type: ignore[union-attr] # a dict in these models
    }
    assert wanted - known <= {"modifierExtension"}


def test_types_of_elements_are_listed_themselves() -> None:
    known = elements()
    used = {type_ for of in known.values() for element in of.values() for type_ in element.types}
    assert {one for one in used if not is_primitive(one)} <= {*known, "Resource"}
