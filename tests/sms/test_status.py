"""Which step may follow which."""

import pytest

from sms.status import (
    BILLED,
    FINAL,
    FROM_TWILIO,
    HANDED_OVER,
    IN_FLIGHT,
    MAY_EXIST,
    OPEN,
    UNDER_WAY,
    GroupStatus,
    Status,
    before,
    may_follow,
    replaced_by,
)

# As the design draws a text's life. Twilio's own news comes on top.
OUR_STEPS = {
    "queued": "sending left_out cancelled expired unknown",
    "sending": "accepted failed unknown queued",
    "unknown": "accepted failed queued not_sent",
    "not_sent": "queued",
    "left_out": "queued",
    "cancelled": "",
    "expired": "",
    "accepted": "unknown",
    "sent": "unknown",
    "delivered": "unknown",
    "undelivered": "unknown",
    "failed": "unknown",
}
TOLD = {"accepted", "sent", "delivered", "undelivered", "failed"}
GROUP_STEPS = {
    "draft": "confirmed",
    "confirmed": "sending cancelled draft",
    "sending": "paused finished cancelled draft",
    "paused": "sending finished cancelled draft",
    "finished": "",
    "cancelled": "",
}
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


@pytest.mark.parametrize("news", FORWARD)
def test_news_replaces_what_is_older(news: Status) -> None:
    assert replaced_by(news) >= set(FORWARD[: FORWARD.index(news)])
    assert Status.FAILED not in replaced_by(news)


@pytest.mark.parametrize("news", sorted(set(FROM_TWILIO.values())))
def test_any_news_replaces_all_that_we_believed_ourselves(news: Status) -> None:
    assert replaced_by(news) >= set(Status) - set(FROM_TWILIO.values())


def test_the_words_for_states_are_those_that_rows_have() -> None:
    assert list(Status.values) == [
        *("queued", "sending", "accepted", "sent", "delivered", "undelivered", "failed"),
        *("unknown", "not_sent", "left_out", "cancelled", "expired"),
    ]
    assert list(GroupStatus.values) == list(GROUP_STEPS)


def test_every_word_of_twilios_is_known() -> None:
    assert {
        **dict.fromkeys(["accepted", "scheduled", "queued", "sending"], "accepted"),
        **{word: word for word in ("sent", "delivered", "undelivered", "failed")},
        "canceled": "failed",
    } == FROM_TWILIO


def test_the_sets_of_states() -> None:
    assert set(OPEN) == {"queued", "sending", "unknown"}
    assert set(IN_FLIGHT) == {"accepted", "sent"}
    assert set(BILLED) == TOLD - {"failed"}
    assert set(HANDED_OVER) == TOLD | {"unknown"}
    assert set(MAY_EXIST) == TOLD | {"unknown", "sending"}
    assert set(UNDER_WAY) == {"confirmed", "sending", "paused"}


@pytest.mark.parametrize("status", sorted(OUR_STEPS))
def test_a_text_goes_where_the_design_has_it_go(status: str) -> None:
    told = {news for news in TOLD if status in replaced_by(Status(news))}
    assert set(may_follow(Status(status))) == {*OUR_STEPS[status].split(), *told}
    if status not in TOLD:
        assert told == TOLD


@pytest.mark.parametrize("step", sorted(GROUP_STEPS))
def test_a_group_sms_goes_where_the_design_has_it_go(step: str) -> None:
    expected = {status for status, following in GROUP_STEPS.items() if step in following.split()}
    assert set(before(GroupStatus(step))) == expected
