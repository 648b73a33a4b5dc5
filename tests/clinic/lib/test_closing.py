"""A marketing text says who writes and how to opt out, each once."""

import pytest

from clinic.lib.closing import asks_for_a_reply, closing_line, names

CLINIC, OPT_OUT = "Harbour Clinic", "Reply STOP to opt out."


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Flu vaccines are in.", "Harbour Clinic. Reply STOP to opt out."),
        ("Flu vaccines are in at harbour  clinic.", "Reply STOP to opt out."),
        ("Flu vaccines are in. Text STOP to end.", "Harbour Clinic."),
        ("Harbour Clinic: vaccines! Reply STOP to opt out", ""),
        ("Harbour Clinics everywhere", "Harbour Clinic. Reply STOP to opt out."),
        ("Stop smoking with us. Free course!", "Harbour Clinic. Reply STOP to opt out."),
        ("", "Harbour Clinic. Reply STOP to opt out."),
    ],
)
def test_it_adds_what_is_lacking_and_no_more(text: str, line: str) -> None:
    assert closing_line(text, clinic=CLINIC, opt_out=OPT_OUT) == line


def test_what_it_added_is_never_added_again() -> None:
    for opt_out in (OPT_OUT, "Opt out: 02 9000 0000", "No more? Call us!"):
        for clinic in (CLINIC, "Zoë & Söhne?", "Dr. B."):
            whole = f"An offer\n{closing_line('An offer', clinic=clinic, opt_out=opt_out)}"
            assert closing_line(whole, clinic=clinic, opt_out=opt_out) == ""


def test_a_name_is_found_as_words_of_their_own() -> None:
    assert names("At CAFÉ-CLINIC today", "café-clinic")
    assert not names("At the eyecare today", "care")
    assert not names("Anything", "")


def test_words_that_ask_for_a_reply_are_told_from_others() -> None:
    assert asks_for_a_reply("reply stop to opt out")
    assert asks_for_a_reply("Send UNSUBSCRIBE")
    assert not asks_for_a_reply("Opt out: call 02 9000 0000")
    assert not asks_for_a_reply("Stop by and reply to our letter")
