"""Every page that says no: to forms sent empty or with nonsense, in a conflict, and if something is not there."""

import pytest

from tests.addresses import FILTERED, PAGES, paths
from tests.journeys.every_page.forms import Forms
from tests.journeys.every_page.refusals import REFUSALS, Refusal, without_a_table
from tests.journeys.every_page.walker import Walker
from tests.journeys.still import Still

pytestmark = pytest.mark.browser

STATE = "few"
# Forms of which nothing can be wrong, sent so.
FINE = {
    ("accounts:account: phone", ""): "the number is forgotten",
}


def test_every_form_shows_what_is_wrong(still: Still, manager: Walker) -> None:
    manager.confirm_password()
    forms = Forms(manager, FINE)
    for name in PAGES:
        for path in paths(name, still.values):
            forms.at(path)


def test_every_list_as_its_filters_show_it(still: Still, manager: Walker) -> None:
    for name, queries in FILTERED.items():
        path = paths(name, still.values)[0]
        for query in [*queries, "?q=zzzz"]:
            manager.open(path + query)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: f"{refusal.name}-{refusal.who}")
def test_every_refusal(stranger: Walker, refusal: Refusal) -> None:
    if refusal.who:
        stranger.log_in(refusal.who)
    stranger.see(refusal.name, refusal.go, status=refusal.status)


def test_a_fault_of_ours(still: Still, manager: Walker) -> None:
    with without_a_table(still, "sms_savedtext"):
        manager.open("/sms/saved/", status=500)
