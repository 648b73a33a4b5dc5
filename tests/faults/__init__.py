"""The proof that the sender survives anything: `make faults`. docs/reliability.md says what it shows.

Real worker processes on a PostgreSQL, a Redis and a simulator of their own are killed, cut off and lied to while they
send. After every run one judge compares what the simulator's ledger holds with what our rows say.
"""
