"""What a reply means."""

import pytest

from sms.keywords import kind_of
from sms.models.inbound import ReplyKind

STOP = [
    *("STOP", "stop", "Stop.", " stop ", "STOP!", "“Stop”", "s t o p", "S.T.O.P.", "stop 🙏", "ＳＴＯＰ"),
    *("STOPALL", "Stop all", "stop-all", "UNSUBSCRIBE", "Cancel", "END", "quit", "Revoke", "OPTOUT"),
    *("Opt out", "opt-out", "\tSTOP\n", "stop\u200b"),
]
START = ["START", "start", "Yes", "yes!", "UNSTOP", "un-stop"]
HELP = ["HELP", "help?", "Info", "INFO."]
OTHER = [
    *(
        "",
        " ",
        "👍",
        "...",
        "Thank you",
        "no",
        "y",
        "ok",
        "stopp",
        "please stop sending",
        "Stop by at three?",
    ),
    *("I will cancel", "the end is near", "started", "yes please", "help me", "information", "停止", "0"),
]


@pytest.mark.parametrize("reply", STOP)
def test_a_stop_is_understood_in_any_dress(reply: str) -> None:
    assert kind_of(reply) == ReplyKind.STOP


@pytest.mark.parametrize("reply", START)
def test_a_start_is_understood(reply: str) -> None:
    assert kind_of(reply) == ReplyKind.START


@pytest.mark.parametrize("reply", HELP)
def test_a_cry_for_help_is_understood(reply: str) -> None:
    assert kind_of(reply) == ReplyKind.HELP


@pytest.mark.parametrize("reply", OTHER)
def test_everything_else_is_a_reply_like_any_other(reply: str) -> None:
    assert kind_of(reply) == ReplyKind.OTHER
