"""An invented clinic to try things out on: people, appointments, and the texts of the last weeks.

Only `seed_demo` uses it. Everybody in it is made up, and their references begin with "DEMO-".
"""
