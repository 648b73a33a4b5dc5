"""An HTTP stand-in for Twilio: the same paths, shapes, codes, callbacks and mischief, and pages that show the phones.

It shares no code with the rest of the project, and none with Twilio's client: a mistake in one would otherwise be
repeated in the other, and the two would agree for the wrong reason. Start it with `python -m sms.simulator` or
`manage.py run_twilio_simulator`; docs/simulator.md says what it can do.
"""
