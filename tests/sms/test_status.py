"""Which step may follow which."""

import pytest

from sms.status import FINAL, FROM_TWILIO, IN_FLIGHT, OPEN, Status, replaced_by

FORWARD = [Status.ACCEPTED, Status.SENT, Status.UNDELIVERED, Status.DELIVERED]


def test_every_state_is_open_in_flight_or_final() -> None:
    assert set(Status) == OPEN | IN_FLIGHT | FINAL
    assert len(OPEN) + len(IN_FLIGHT) + len(FINAL) == len(Status)


@pytest.mark.parametrize("news", sorted(set(FROM_TWILIO.values())))
def test_news_never_replaces_what_is_as_new_or_newer(news: Status) -> None:
    assert news not in replaced_by(news)
    if news in FORWARD:
        later = FORWARD[FORWARD.index(news) :]
        assert not replaced_by(news) & set(later)


@pytest.mark.parametrize("final", [Status.DELIVERED, Status.FAILED])
def test_the_last_word_is_never_replaced(final: Status) -> None:
    assert all(final not in replaced_by(news) for news in FROM_TWILIO.values())


def test_only_a_delivery_follows_undelivered() -> None:
    replacing = {news for news in FROM_TWILIO.values() if Status.UNDELIVERED in replaced_by(news)}
    assert replacing == {Status.DELIVERED}


@pytest.mark.parametrize("news", sorted(set(FROM_TWILIO.values())))
def test_any_news_replaces_all_that_we_believed_ourselves(news: Status) -> None:
    assert replaced_by(news) >= set(Status) - set(FROM_TWILIO.values())
