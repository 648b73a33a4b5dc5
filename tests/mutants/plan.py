"""Which files are mutated, and what pytest is told to ask about them: groups that share a session."""

READY = [
    (
        ["sms/outbox.py", "sms/status.py", "sms/delivery.py", "sms/dispatch.py"],
        [
            "tests/sms/test_settling.py",
            "tests/sms/test_news_written_down.py",
            "tests/sms/test_pace_after_answers.py",
            "tests/sms/test_claim.py",
            "tests/sms/test_dispatch.py",
            "tests/sms/test_delivery.py",
            "tests/sms/test_status.py",
            "tests/sms/test_legal_steps.py",
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
        ],
    ),
    (["sms/gateway/signature.py", "sms/gateway/twilio.py"], ["tests/sms/gateway"]),
]
# Tables that tests read when they are imported: each mutant is tried in an import of its own.
FRESH = [(["sms/gateway/codes.py"], ["tests/sms/gateway/test_codes.py"])]
FILES = [file for files, _ in READY + FRESH for file in files]
