"""Which files are mutated, and what pytest is told to ask about them: groups that share a session."""

READY = [
    (
        ["sms/outbox.py", "sms/waiting.py"],
        [
            "tests/sms/test_rows_of_the_queue.py",
            "tests/sms/test_settling.py",
            "tests/sms/test_claim.py",
            "tests/sms/test_claim_at_once.py",
            "tests/sms/test_dispatch.py",
            "tests/sms/test_quiet_hours.py",
            "tests/sms/test_pacing.py",
            "tests/sms/test_steering.py",
            "tests/sms/test_changed_number.py",
            "tests/sms/test_erasure.py",
            "tests/sms/test_who_gets_a_group_sms.py",
            "tests/sms/test_news_written_down.py",
            "tests/sms/test_pace_after_answers.py",
            "tests/sms/test_legal_steps.py",
            "tests/sms/test_breaker.py",
            "tests/sms/test_restored.py",
            "tests/sms/test_overlap.py",
        ],
    ),
    (
        ["sms/delivery.py", "sms/dispatch.py"],
        [
            "tests/sms/test_settling.py",
            "tests/sms/test_news_written_down.py",
            "tests/sms/test_pace_after_answers.py",
            "tests/sms/test_claim.py",
            "tests/sms/test_dispatch.py",
            "tests/sms/test_delivery.py",
            "tests/sms/test_status.py",
            "tests/sms/test_legal_steps.py",
            "tests/sms/test_breaker.py",
            "tests/sms/test_lost_news.py",
            "tests/sms/test_second_try.py",
            "tests/sms/test_overlap.py",
            "tests/sms/test_pacing.py",
            # 240 cases that the other tests make no wiser.
            "--deselect=tests/sms/test_delivery.py::test_five_statuses_end_in_delivered_whatever_their_order",
            "--deselect=tests/sms/test_delivery.py::test_every_word_can_be_told_of_a_text_in_every_state",
        ],
    ),
    (
        ["sms/pacing.py", "sms/timing.py", "sms/quiet.py", "sms/consequences.py", "sms/strays.py"],
        [
            "tests/sms/test_pacing.py",
            "tests/sms/test_quiet_hours.py",
            "tests/sms/test_restored.py",
            "tests/sms/test_dispatch.py",
            "tests/sms/test_pace_after_answers.py",
            "tests/sms/test_rows_of_the_queue.py",
        ],
    ),
    (["sms/gateway/signature.py", "sms/gateway/twilio.py", "sms/gateway/line.py"], ["tests/sms/gateway"]),
]
# Tables that others read when they are imported: each mutant is tried in an import of its own. In this order: the
# apps know the first, and once they are there it cannot be imported anew.
FRESH = [
    (["sms/status.py"], ["tests/sms/test_status.py"]),
    (["sms/gateway/codes.py"], ["tests/sms/gateway/test_codes.py"]),
]
KNOWN_TO_APPS = {"sms/status.py"}
FILES = [file for files, _ in READY + FRESH for file in files]
