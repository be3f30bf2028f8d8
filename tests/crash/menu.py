"""Which kinds of faults a run draws from, by what there is to strike."""

from tests.crash.change import Restarted
from tests.crash.fault import DatabaseBusy, DatabaseCrash, FarSide, Kill, KillWhileSending, Pause, Unreachable
from tests.crash.fhir_fault import FOR_FHIR
from tests.crash.http_fault import OVER_HTTP

MENU = (Kill.drawn, KillWhileSending.drawn, Pause.drawn, FarSide.drawn, Unreachable.drawn, *OVER_HTTP)
# For runs with payments over HTTP alone.
_HTTP_MENU = (*OVER_HTTP, *OVER_HTTP, Kill.drawn, Pause.drawn)
HTTP_ON_SQLITE, HTTP_ON_POSTGRESQL = (*_HTTP_MENU, DatabaseBusy.drawn), (*_HTTP_MENU, DatabaseCrash.drawn)
# For runs of programs that write over FHIR.
_FHIR_MENU = (*FOR_FHIR, *FOR_FHIR, Kill.drawn, Pause.drawn, Restarted.drawn)
FHIR_ON_SQLITE, FHIR_ON_POSTGRESQL = (*_FHIR_MENU, DatabaseBusy.drawn), (*_FHIR_MENU, DatabaseCrash.drawn)
ON_SQLITE, ON_POSTGRESQL = (*MENU, DatabaseBusy.drawn), (*MENU, DatabaseCrash.drawn)
